"""Who may do what: projects, API keys, the tokens of jobs, and where a key is needed."""
