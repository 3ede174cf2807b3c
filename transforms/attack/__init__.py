"""What attackers know, what they link, and what released fields still show of removed values."""
