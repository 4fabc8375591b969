//! A PostgreSQL across a network, with TLS: the program checks whom it talks to, and says what to do when it is somebody else.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use enrollment_server::postgres::{Access, ClusterConfig, Durability, LocalCluster};
use enrollment_tests::{Place, ServerProcess};
use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Who issues certificates.
struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let (mut params, key) = (CertificateParams::default(), KeyPair::generate().unwrap());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self { certificate: params.self_signed(&key).unwrap(), issuer: Issuer::new(params, key) }
    }

    /// A certificate for `localhost` and its key, as PEM.
    fn issue(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// The file that `sslrootcert` names.
    fn file(&self, folder: &Path, name: &str) -> PathBuf {
        let file = folder.join(name);
        fs::write(&file, self.certificate.pem()).unwrap();
        file
    }
}

/// A PostgreSQL that listens on a port of this machine, with a certificate for `localhost`.
struct Postgres {
    process: Child,
    address: SocketAddr,
    home: TempDir,
}

impl Postgres {
    fn start(authority: &Authority) -> Self {
        let home = ServerProcess::data_dir();
        let config = ClusterConfig {
            data_dir: home.path().join("data"),
            binaries: None,
            purpose: "a test of TLS".to_owned(),
            durability: Durability::Disposable,
        };
        let cluster = LocalCluster::open(&config, Access::Own).unwrap();
        let program = cluster.binaries().postgres();
        cluster.ensure_database("campus").unwrap();
        let mut admin = PgConnection::establish(&cluster.url("postgres")).unwrap();
        for setting in ["ssl = on", "ssl_cert_file = 'server.pem'", "ssl_key_file = 'server.key'"] {
            admin.batch_execute(&format!("ALTER SYSTEM SET {setting}")).unwrap();
        }
        drop(admin);
        cluster.close().unwrap();

        let folder = config.data_dir.join("postgres");
        let owner = fs::metadata(&folder).unwrap();
        let (certificate, key) = authority.issue();
        for (name, text) in [("server.pem", certificate), ("server.key", key)] {
            let file = folder.join(name);
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
            chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        let address = ServerProcess::free_address();
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        let mut command = Command::new(program);
        command.arg("-D").arg(&folder).args(["-h", &host, "-p", &port, "-c", "unix_socket_directories=", "-F"]);
        command.current_dir("/").stdin(Stdio::null()).stderr(Stdio::null());
        if fs::metadata(home.path()).unwrap().uid() != owner.uid() {
            command.uid(owner.uid()).gid(owner.gid());
        }
        Self { process: command.spawn().unwrap(), address, home }.ready()
    }

    fn ready(self) -> Self {
        let deadline = Instant::now() + Duration::from_secs(60);
        while PgConnection::establish(&self.url("localhost", "sslmode=disable")).is_err() {
            assert!(Instant::now() < deadline, "PostgreSQL does not start");
            thread::sleep(Duration::from_millis(50));
        }
        self
    }

    /// How to connect to it by this name, whatever that is to the resolver.
    fn url(&self, host: &str, parameters: &str) -> String {
        let address = self.address;
        format!("postgres://enrollment@{host}:{}/campus?hostaddr={}&{parameters}", address.port(), address.ip())
    }

    /// The same, checking whom we talk to.
    fn verified(&self, host: &str, authority: &Path) -> String {
        self.url(host, &format!("sslmode=verify-full&sslrootcert={}", authority.display()))
    }

    fn execute(&self, sql: &str) {
        let mut admin = PgConnection::establish(&self.url("localhost", "sslmode=disable")).unwrap();
        admin.batch_execute(sql).unwrap();
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It ends its own processes on SIGINT, which it would leave behind on SIGKILL.
        drop(Command::new("kill").args(["-INT", &self.process.id().to_string()]).status());
        drop(self.process.wait());
    }
}

/// Both commands fail, each with a message that has these words.
#[track_caller]
fn assert_refused(url: &str, words: [&str; 2]) {
    for command in [&["migrate"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let ended = Place::database(url).command(command);
        assert_eq!(ended.status, Some(1), "{command:?}: {}", ended.output);
        for word in words {
            assert!(ended.output.contains(word), "{command:?} does not say `{word}`: {}", ended.output);
        }
    }
}

#[test]
fn the_database_is_who_it_says_or_nothing_is_sent_to_it() {
    let authority = Authority::new("Authority of the campus");
    let postgres = Postgres::start(&authority);
    let root = authority.file(postgres.home.path(), "authority.pem");
    let another = Authority::new("Another authority").file(postgres.home.path(), "another.pem");
    let nowhere = postgres.home.path().join("nowhere.pem");

    let verified = postgres.verified("localhost", &root);
    assert_refused(&postgres.verified("db.example.edu", &root), ["does not match host name", "certificate was issued"]);
    assert_refused(&postgres.verified("localhost", &another), ["certificate verify failed", "`sslrootcert` must name"]);
    assert_refused(&postgres.verified("localhost", &nowhere), ["nowhere.pem", "by `sslrootcert`"]);

    let migrated = Place::database(&verified).command(&["migrate"]);
    assert!(migrated.status == Some(0) && migrated.output.contains("Applied"), "{migrated:?}");
    let server = ServerProcess::start_at(&Place::database(&verified), ServerProcess::free_address());
    server.client().student("1");
    // Every connection of the server is encrypted.
    postgres.execute(
        "DO $$ BEGIN
            ASSERT (SELECT count(*) > 0 AND bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                WHERE application_name LIKE 'enrollment%');
        END $$",
    );
    drop(server);

    postgres.execute("ALTER SYSTEM SET ssl = off");
    postgres.execute("SELECT pg_reload_conf()");
    let deadline = Instant::now() + Duration::from_secs(10);
    while PgConnection::establish(&verified).is_ok() {
        assert!(Instant::now() < deadline, "TLS is not turned off");
        thread::sleep(Duration::from_millis(20));
    }
    assert_refused(&verified, ["does not support SSL", "`ssl = on`"]);
}
