DROP TABLE scored_decisions;
DROP TABLE tenant_models;
DROP TABLE exemplar_changes;
DROP TABLE memory_heads;
DROP TABLE label_embeddings;
DROP TABLE embeddings;
