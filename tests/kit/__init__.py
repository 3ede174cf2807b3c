"""What tests of several rooms share: data, policies, runs and processes. No test stands here."""
