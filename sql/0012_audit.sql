-- Who of the shop's own people and services has asked for what: every call for staff alone, and
-- every look at somebody else's order. The service's account may insert and read, and nothing else
-- (`orderd migrate --grant-to`).

CREATE TABLE audit_records (
    id           BIGINT NOT NULL AUTO_INCREMENT,
    recorded_at  DATETIME(6) NOT NULL,
    actor        VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the session''s user; cli:<account> for a command',
    roles        SET('customer', 'support', 'finance', 'admin', 'service') NOT NULL COMMENT 'empty for a command',
    route        VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'method and pattern, or the command',
    order_id     BIGINT NULL COMMENT 'no foreign key: a record outlives what it is about',
    user_id      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'whose data it is',
    subject      VARCHAR(64) NULL COMMENT 'what else the path names: a refund, a breaker',
    reason       VARCHAR(1000) NULL,
    request_id   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    network      VARCHAR(43) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the address, an IPv6 one as its /64',
    PRIMARY KEY (id),
    KEY audit_records_order_id_idx (order_id, id),
    KEY audit_records_actor_idx (actor, id),
    KEY audit_records_user_id_idx (user_id, id)
);
