//! The whole system, over real HTTP, on a real PostgreSQL: one binary, a module for each subject.

mod architecture;
mod postgres_cluster;
mod schema;
mod store_floor;
