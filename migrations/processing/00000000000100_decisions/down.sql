DROP TABLE decisions, records, processing_settings, rule_sets, rule_set_heads, rule_versions, rules, labels;
