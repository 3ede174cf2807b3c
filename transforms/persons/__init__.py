"""Sets of persons on disk: fingerprints of canonical identities, sorted, of any number in bounded memory; and who has a secret."""
