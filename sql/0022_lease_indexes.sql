-- A lease is found among what is due. An index by its holder changed with each message twice, for a
-- recovery that reads it once after a crash.

ALTER TABLE outbox DROP KEY outbox_leased_by_idx;

ALTER TABLE webhook_inbox DROP KEY webhook_inbox_leased_by_idx;
