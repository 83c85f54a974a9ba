//! The services on a Redis Cluster, as `deploy/redis/cluster` has it.
