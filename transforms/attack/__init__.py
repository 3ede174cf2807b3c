"""Attacks: what attackers know, which records they link, and which removed values they recover from released fields."""
