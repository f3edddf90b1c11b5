//! What a database decides: which plan it chooses, who may touch a row, what a replica shows already.

pub mod row_locks;

pub mod updates;

pub mod fair_lock;

pub mod sqlite;

pub mod connections;

pub mod shelf;

pub mod replica;

pub use connections::Connections;
pub use fair_lock::FairLock;
pub use replica::Replica;
pub use row_locks::RowLocks;
pub use shelf::Shelf;
pub use sqlite::Sqlite;
pub use updates::Updates;
