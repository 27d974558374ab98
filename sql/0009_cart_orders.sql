-- Which order a customer's cart has become, so that it is bought once though two tabs complete it.

CREATE TABLE cart_orders (
    user_id       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    cart_id       VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    cart_version  BIGINT NOT NULL,
    order_id      BIGINT NOT NULL,
    ordered_at    DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, cart_id, cart_version),
    KEY cart_orders_order_id_idx (order_id),
    KEY cart_orders_ordered_at_idx (ordered_at),
    CONSTRAINT cart_orders_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
    CONSTRAINT cart_orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES customers (user_id)
);
