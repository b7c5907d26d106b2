"""What lies on disk and in the database. Knows nothing of policies, requests or jobs."""
