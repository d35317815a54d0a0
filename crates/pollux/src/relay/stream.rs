//! A stream past its commit point: nothing is ever replayed, and its end is honest.

use std::collections::VecDeque;

use dialect::gemini::event::Event;
use dialect::gemini::response::GenerateContentResponse;

use super::attempt::Opened;
use super::call::Served;
use super::hops::{Hops, NextHop};
use super::meter::Meter;
use super::reader::{Read, Reader};
use crate::calllog::{self, Entry};
use crate::keyring::{Lease, Settled};
use crate::limits::Admission;
use crate::telemetry::call::{self as watched, Watch};

/// An answer as it comes. Dropping it cancels the upstream exchange and settles what was seen.
#[derive(Debug)]
pub struct CallStream {
    held: VecDeque<GenerateContentResponse>,
    reader: Option<Reader>,
    meter: Meter,
    hops: Hops,
    lease: Option<Lease>,
    noted: Noted,
    admission: Option<Admission>,
    served: Served,
    model_version: Option<String>,
    /// The next request of a long decode has begun; nobody has been told yet.
    hop_begun: bool,
    over: bool,
}

/// Those who take note of the call.
#[derive(Debug)]
pub(super) struct Noted {
    pub(super) entry: Entry,
    pub(super) watch: Watch,
    /// Input tokens as estimated, should Google count none.
    pub(super) input: u64,
}

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// An event.
    Event(Box<GenerateContentResponse>),
    /// The answer goes on in another request: indices and token counts start anew (`wire.md` §6.6).
    Hop,
    /// The answer is complete.
    End,
    /// It broke off; the reason is a short name.
    Cut(&'static str),
}

impl CallStream {
    pub(super) fn new(opened: Opened, lease: Lease, served: Served, hops: Hops, noted: Noted) -> Self {
        let model_version = opened.events.iter().find_map(|event| event.model_version.clone());
        Self {
            held: opened.events.into(),
            reader: Some(opened.reader),
            meter: Meter::default(),
            hops,
            lease: Some(lease),
            noted,
            admission: None,
            served,
            model_version,
            hop_begun: false,
            over: false,
        }
    }

    /// The same, with what its user's account holds for it.
    pub(super) fn admitted(mut self, admission: Admission) -> Self {
        self.admission = Some(admission);
        self
    }

    /// Who serves it.
    pub fn served(&self) -> &Served {
        &self.served
    }

    /// The model that really answers, as far as the first event said.
    pub fn model_version(&self) -> Option<&str> {
        self.model_version.as_deref()
    }

    /// Waits until the end of the call is written down. To be called before the client is told of it.
    pub fn written(&self) -> impl Future<Output = ()> + use<> {
        let watch = self.noted.watch.clone();
        async move { watch.written().await }
    }

    /// The next step. Safe to cancel: a step is lost only together with the stream.
    pub async fn next(&mut self) -> Step {
        loop {
            if let Some(step) = self.ready() {
                return step;
            }
            if let Some(step) = self.wait().await {
                return self.over(step);
            }
        }
    }

    /// The next step, if no waiting is needed for it.
    pub fn ready(&mut self) -> Option<Step> {
        if self.over {
            return Some(Step::End);
        }
        if std::mem::take(&mut self.hop_begun) {
            return Some(Step::Hop);
        }
        if let Some(event) = self.held.pop_front() {
            return Some(self.event(event));
        }
        let Read::Event(event) = self.reader.as_mut()?.ready()? else {
            return Some(self.over(Step::Cut("not_json")));
        };
        match *event {
            Event::Response(event) => Some(self.event(event)),
            Event::Error(outcome) => {
                if let Some(lease) = &self.lease {
                    lease.blame(&outcome);
                }
                Some(self.over(Step::Cut(outcome.cause.label())))
            }
        }
    }

    fn event(&mut self, mut event: GenerateContentResponse) -> Step {
        self.hops.see(&mut event);
        self.meter.see(&event);
        self.noted.watch.saw(&event);
        Step::Event(Box::new(event))
    }

    /// Waits for the network; a step if the stream is over.
    async fn wait(&mut self) -> Option<Step> {
        let Some(reader) = &mut self.reader else { return self.hop().await };
        match reader.fill().await {
            Ok(true) => None,
            Ok(false) => {
                self.reader = None;
                self.hop().await
            }
            Err(error) => {
                self.reader = None;
                if self.meter.is_finished() {
                    return Some(Step::End);
                }
                if !self.hops.can_resume() {
                    return Some(Step::Cut(error.label()));
                }
                self.hop().await
            }
        }
    }

    /// The body has ended: the answer too, unless a long decode goes on in another request.
    async fn hop(&mut self) -> Option<Step> {
        match self.hops.next(self.lease.as_ref(), self.meter.is_finished()).await {
            NextHop::None => Some(self.meter.verdict()),
            NextHop::Opened(opened) => {
                let opened = *opened;
                self.meter.begin_hop();
                self.hop_begun = true;
                self.held.extend(opened.events);
                self.reader = Some(opened.reader);
                None
            }
            NextHop::Failed => {
                self.held.push_back(Hops::ran_out());
                None
            }
        }
    }

    fn over(&mut self, step: Step) -> Step {
        self.over = true;
        self.reader = None;
        self.settle();
        let whole = matches!(step, Step::End);
        self.noted.entry.end(if whole { calllog::ANSWERED } else { calllog::CUT });
        self.noted.watch.end(if whole { watched::ANSWERED } else { watched::CUT });
        step
    }

    fn settle(&mut self) {
        if let Some(lease) = self.lease.take() {
            let tokens = self.meter.tokens();
            let _settling = self.noted.watch.settle();
            match &tokens {
                Some(tokens) => {
                    self.noted.entry.counted((tokens.input, tokens.output));
                    self.noted.watch.counted(tokens);
                }
                None => self.noted.watch.estimated(&self.meter.estimate(self.noted.input)),
            }
            if let Some(admission) = self.admission.take() {
                admission.settle(tokens.as_ref());
            }
            lease.settle(Settled::answered(tokens));
        }
    }
}

impl Drop for CallStream {
    fn drop(&mut self) {
        self.settle();
    }
}
