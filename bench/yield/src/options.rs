//! The command line; its help defines every number of the report.

use clap::Parser;

const METRICS: &str = "\
WHAT IS MEASURED
  capacity      Answers that the quotas allow: for every living project, model and Pacific day of the run the least of
                RPM x minutes begun, TPM x those / mean tokens, what is left of RPD; summed. A project whose keys are all
                dead counts nothing.
  load          Calls per model and day as a multiple of that: 0.5x, 1x, 3x. Their number is exact, their times are
                random: `poisson` (independent) or `bursty` (bursts of five on average, one user, two seconds).
  yield         Answers delivered as a share of what the quotas allow to these very calls: of what a clairvoyant would deliver
                that has all projects as one bucket, tokens free, no latency, every limit known, and the callers' patience.
                No scheduler that is safe under both meterings can do better. At 1x chance alone puts it a little, bursts
                put it clearly below the number of calls.
  bound         That most, as a share of the calls (`possible_share_of_calls`).
  share_of_calls, share_of_capacity
                Answers divided by calls, and by the capacity (which at the end lasts as long as the patience).
  upstream_429_per_1000
                429s from Google per 1,000 answers, all of them.
  upstream_429_per_1000_once_learned
                The same without those that teach: a 429 counts only if every limit it names (project, model, kind) had
                been named by a 429 that was back before the call was sent.
  avoidable_client_429
                Calls refused although hindsight finds a place for them on top of everything delivered: a living bucket
                and a moment within the caller's patience where one more call keeps every sliding minute and the day within
                the limits. A place counts once.
  client_429    All calls refused.
  p50_s, p99_s  Wait in seconds of answered calls: from arrival until the attempt that was answered was sent.
  fairness      Jain's index over users of (answers / max-min fair share of the capacity); the worst of the runs.
  fairest       The same index if at each moment at which a call went, the waiting call of the user furthest behind its share
                had gone, knowing all shares beforehand (`possible_fairness`): a measure of what order alone can do, for nobody can
                be served while away.

Every scheduler gets the same calls with the same latencies. Each load runs four times: poisson and bursty traffic, Google
metering by sliding minutes and by clock minutes; the JSON line adds the four up (`worst_yield` is the least of them). Refused
calls are not tried again by clients. The first patience is the headline of the JSON line; each load's `patient` has the others. The virtual Google is written apart from the pool's windows.";

/// Compares schedulers on virtual traffic: 20 free projects, three models, 50 users, limits unknown at the start.
#[derive(Clone, Debug, Parser)]
#[command(name = "yield-bench", after_help = METRICS)]
pub(crate) struct Options {
    /// Everything random depends on this.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How long a caller waits for room, in seconds: the gateway's default, and others to compare it with.
    #[arg(long, value_delimiter = ',', default_value = "10,30")]
    pub(crate) patience_s: Vec<u32>,
    /// Virtual minutes before midnight in Los Angeles.
    #[arg(long, default_value_t = 60)]
    pub(crate) before: u32,
    /// Virtual minutes after it.
    #[arg(long, default_value_t = 30)]
    pub(crate) after: u32,
}
