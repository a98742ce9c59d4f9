DROP TABLE sync_runs;
DROP TABLE pull_states;
DROP TABLE oauth_tokens;
DROP TABLE oauth_states;
