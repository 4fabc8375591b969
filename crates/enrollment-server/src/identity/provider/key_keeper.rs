//! Keeps the keys of a provider, and renews them: from a file when it changes, from a URL now and then, and when a token names a
//! key that is not known.
//!
//! A thread of its own does it. What cannot be read leaves the last good keys as they are.

use super::discovery;
use super::fetch::Fetcher;
use super::key_set::{Found, KeySet, ProviderKey};
use enrollment_core::access::{AuthenticationError, Rejection};
use futures_channel::oneshot;
use std::fs;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use tracing::{info, warn};

/// How often a file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often a URL is read without need.
const FETCH_EVERY: Duration = Duration::from_secs(10 * 60);

/// How often at most for a key that is not known: whoever makes names up does not make us ask more.
const ASK_EVERY: Duration = Duration::from_secs(60);

/// How many wait at most for the keys that are being fetched.
const MOST_WAITING: usize = 4_096;

/// The longest file of keys, in bytes.
const LONGEST_FILE: u64 = 256 * 1024;

/// Where the keys of a provider are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In a file.
    File(PathBuf),
    /// At a URL.
    Url(String),
    /// Where the configuration of this issuer says.
    Issuer(String),
}

impl KeySource {
    /// Wherever the issuer says that its keys are.
    ///
    /// # Errors
    /// When the issuer is no URL that can be believed.
    pub fn of_issuer(issuer: &str) -> Result<Self, &'static str> {
        let is_bare = !issuer.contains(['?', '#']);
        if is_bare && is_trustworthy(issuer) {
            return Ok(Self::Issuer(issuer.to_owned()));
        }
        Err("the keys of an issuer that is no https URL cannot be found by it: tell where they are")
    }
}

impl FromStr for KeySource {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err("must be a file or an https URL");
        }
        if !text.contains("://") {
            return Ok(Self::File(text.into()));
        }
        if is_trustworthy(text) {
            return Ok(Self::Url(text.to_owned()));
        }
        Err("must be a file or an https URL: whoever can change keys on their way can sign tokens")
    }
}

/// Whether nobody can change on its way what this URL names.
pub(super) fn is_trustworthy(url: &str) -> bool {
    match url.split_once("://") {
        Some(("https", rest)) => !rest.is_empty(),
        Some(("http", rest)) => is_loopback(rest),
        _ => false,
    }
}

fn is_loopback(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The keys of a provider.
pub(super) struct KeyKeeper {
    shared: Arc<Shared>,
    /// Dropped, it ends the thread.
    asks: Sender<()>,
}

struct Shared {
    keys: RwLock<KeySet>,
    asking: Mutex<Asking>,
}

#[derive(Default)]
struct Asking {
    /// When keys were last asked for out of turn.
    last: Option<Instant>,
    /// Whether that is not answered yet.
    is_open: bool,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Shared {
    fn find(&self, kid: Option<&str>, algorithm: &str) -> Found {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).find(kid, algorithm)
    }

    fn asking(&self) -> MutexGuard<'_, Asking> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyKeeper {
    /// Starts to keep the keys; `on_change` is told whenever they are others.
    pub(super) fn start(source: KeySource, on_change: impl Fn() + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared { keys: RwLock::default(), asking: Mutex::default() });
        let (asks, asked) = channel();
        let renewer = Renewer { source: Source::of(source), shared: Arc::clone(&shared), last: Vec::new() };
        thread::Builder::new().name("provider-keys".to_owned()).spawn(move || renewer.run(&asked, &on_change))?;
        let keeper = Self { shared, asks };
        // The first reading is waited for by whoever comes meanwhile.
        keeper.shared.asking().is_open = true;
        let _ = keeper.asks.send(());
        Ok(keeper)
    }

    /// The key that a token names, for the algorithm that it names.
    pub(super) async fn key(
        &self,
        kid: Option<&str>,
        algorithm: &str,
    ) -> Result<Arc<ProviderKey>, AuthenticationError> {
        match self.shared.find(kid, algorithm) {
            Found::Key(key) => return Ok(key),
            Found::OtherAlgorithm => return Err(Rejection::AlgorithmNotAccepted.into()),
            // Not even new keys would be for it.
            Found::Nothing if !["RS256", "ES256", "EdDSA"].contains(&algorithm) => {
                return Err(Rejection::AlgorithmNotAccepted.into());
            }
            Found::Nothing => {}
        }
        if let Some(renewed) = self.ask()? {
            // The sender goes when the keys were read, or cannot be.
            let _ = renewed.await;
        }
        match self.shared.find(kid, algorithm) {
            Found::Key(key) => Ok(key),
            Found::OtherAlgorithm => Err(Rejection::AlgorithmNotAccepted.into()),
            Found::Nothing => Err(Rejection::Unknown.into()),
        }
    }

    /// Asks for new keys, unless that was done a moment ago.
    fn ask(&self) -> Result<Option<oneshot::Receiver<()>>, AuthenticationError> {
        let mut asking = self.shared.asking();
        if !asking.is_open {
            if asking.last.is_some_and(|last| last.elapsed() < ASK_EVERY) {
                return Ok(None);
            }
            asking.last = Some(Instant::now());
            asking.is_open = self.asks.send(()).is_ok();
        }
        if asking.waiting.len() >= MOST_WAITING {
            return Err(AuthenticationError::Busy);
        }
        let (sender, receiver) = oneshot::channel();
        if asking.is_open {
            asking.waiting.push(sender);
        }
        Ok(Some(receiver))
    }
}

/// What the thread does.
struct Renewer {
    source: Source,
    shared: Arc<Shared>,
    /// What was last read, as it was.
    last: Vec<u8>,
}

impl Renewer {
    fn run(mut self, asked: &Receiver<()>, on_change: &dyn Fn()) {
        loop {
            let is_asked = match asked.recv_timeout(self.source.every()) {
                Ok(()) => true,
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if is_asked || self.source.may_have_changed() {
                self.renew(on_change);
            }
            if is_asked {
                let mut asking = self.shared.asking();
                asking.is_open = false;
                asking.waiting.clear();
            }
        }
    }

    fn renew(&mut self, on_change: &dyn Fn()) {
        let read = self.source.read().and_then(|text| Ok((KeySet::read(&text)?, text)));
        match read {
            Ok((_, text)) if text == self.last => {}
            Ok((keys, text)) => {
                *self.shared.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
                self.last = text;
                on_change();
                info!(from = self.source.name(), "took over the keys of the identity provider");
            }
            Err(reason) => {
                warn!(
                    from = self.source.name(),
                    reason, "cannot read the keys of the identity provider: the last ones stay"
                );
            }
        }
    }
}

enum Source {
    File { path: PathBuf, stamp: Option<(SystemTime, u64)> },
    Url { url: String, fetcher: Fetcher },
    Issuer { issuer: String, fetcher: Fetcher },
}

impl Source {
    fn of(source: KeySource) -> Self {
        match source {
            KeySource::File(path) => Self::File { path, stamp: None },
            KeySource::Url(url) => Self::Url { url, fetcher: Fetcher::new() },
            KeySource::Issuer(issuer) => Self::Issuer { issuer, fetcher: Fetcher::new() },
        }
    }

    fn name(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Url { url, .. } => url.clone(),
            Self::Issuer { issuer, .. } => discovery::configuration_of(issuer),
        }
    }

    fn every(&self) -> Duration {
        match self {
            Self::File { .. } => LOOK_EVERY,
            Self::Url { .. } | Self::Issuer { .. } => FETCH_EVERY,
        }
    }

    fn may_have_changed(&self) -> bool {
        match self {
            Self::File { path, stamp } => stamp_of(path) != *stamp,
            Self::Url { .. } | Self::Issuer { .. } => true,
        }
    }

    fn read(&mut self) -> Result<Vec<u8>, String> {
        match self {
            Self::File { path, stamp } => {
                *stamp = stamp_of(path);
                let mut text = Vec::new();
                let file = fs::File::open(path).map_err(|error| error.to_string())?;
                file.take(LONGEST_FILE).read_to_end(&mut text).map_err(|error| error.to_string())?;
                Ok(text)
            }
            Self::Url { url, fetcher } => fetcher.get(url),
            Self::Issuer { issuer, fetcher } => discovery::keys(issuer, fetcher),
        }
    }
}

fn stamp_of(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
