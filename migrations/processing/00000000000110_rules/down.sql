DROP TABLE dismissed_proposals;
ALTER TABLE rule_sets DROP COLUMN lists;
DROP TABLE value_list_versions, value_lists, shadow_matches;
ALTER TABLE rule_versions DROP CONSTRAINT rule_versions_origin_check,
    ADD CONSTRAINT rule_versions_origin_check CHECK (origin IN ('manual', 'override')) NOT VALID;
ALTER TABLE rules DROP CONSTRAINT rules_origin_check,
    ADD CONSTRAINT rules_origin_check CHECK (origin IN ('manual', 'override')) NOT VALID;
