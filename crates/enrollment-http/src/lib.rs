//! The HTTP API of Enrollment: actix-web handlers over the services of enrollment-core.
