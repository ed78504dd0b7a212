//! What the layer knows of HTTP and gRPC, by the types of the crates `http` and `http-body`.

mod body;
mod grpc;
mod key;
mod status;
mod unavailable;

pub use body::{BodyEnd, ClassifyEnd, GuardedBody, OnBodyEnd};
pub use grpc::GrpcStatus;
pub use key::{authority, method_and_path, path};
pub use status::HttpStatus;
pub use unavailable::{GrpcUnavailable, Unavailable};
