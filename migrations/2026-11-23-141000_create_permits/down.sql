DROP TABLE permit_uses;
DROP TABLE permits;
