"""What a merchant does from a downloaded file to published releases, with the commands and nothing else."""
