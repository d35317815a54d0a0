//! Who is told of alerts by e-mail, and through which server.

use http::Uri;
use lettre::Address;
use percent_encoding::percent_decode_str;

use super::parse::Parsed;
use super::problem::Bad;
use crate::secret::Secret;

/// A server that takes mail, and between whom it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its address, with user and password if it wants them.
    pub server: Secret,
    /// Who writes.
    pub from: String,
    /// Who is written to.
    pub to: Vec<String>,
}

const WAY_OUT: &str = "write smtps://USER:PASSWORD@HOST:465?from=pollux@example.org&to=you@example.org; with STARTTLS \
                       smtp://…@HOST:587?tls=required&from=…&to=…";

/// A server with `from` and `to` in its query. Nothing of it is shown.
pub(super) fn mail(text: &str) -> Parsed<Option<Mail>> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || Bad::new("is not a mail server with a sender and a receiver", WAY_OUT);
    let (server, query) = text.split_once('?').ok_or_else(wrong)?;
    let uri: Uri = server.parse().map_err(|_| wrong())?;
    if !matches!(uri.scheme_str(), Some("smtp" | "smtps")) || uri.host().is_none_or(str::is_empty) {
        return Err(wrong());
    }
    let (mut from, mut to, mut rest) = (None, Vec::new(), Vec::new());
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("from", address)) => from = Some(addresses(address).ok_or_else(wrong)?),
            Some(("to", list)) => to = addresses(list).ok_or_else(wrong)?,
            _ => rest.push(pair),
        }
    }
    let from = from.and_then(|mut from| (from.len() == 1).then(|| from.remove(0))).ok_or_else(wrong)?;
    let server = if rest.is_empty() { server.to_owned() } else { format!("{server}?{}", rest.join("&")) };
    if to.is_empty() { Err(wrong()) } else { Ok(Some(Mail { server: Secret::new(server), from, to })) }
}

/// Addresses with commas between them; none if one is none.
fn addresses(list: &str) -> Option<Vec<String>> {
    let list = percent_decode_str(list).decode_utf8().ok()?;
    list.split(',').map(|one| one.trim().parse::<Address>().ok().map(|address| address.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_told_from_those_who_write() {
        let said = mail(
            "smtps://ann:p%40ss@mail.example:465?from=pollux@example.org&tls=wrapper&to=a@x.org,b%2Bc@x.org",
        );
        let mail_of = said.ok().flatten().unwrap();
        assert_eq!(mail_of.server.expose(), "smtps://ann:p%40ss@mail.example:465?tls=wrapper");
        assert_eq!(
            (mail_of.from.as_str(), mail_of.to),
            ("pollux@example.org", vec!["a@x.org".into(), "b+c@x.org".into()])
        );
        assert!(matches!(mail(""), Ok(None)));
        for odd in [
            "mail.example",
            "https://mail.example?from=a@x.org&to=b@x.org",
            "smtp://mail.example?to=b@x.org",
            "smtp://mail.example?from=a@x.org",
            "smtp://mail.example?from=a@x.org&to=nobody",
            "smtp://mail.example?from=a@x.org,b@x.org&to=c@x.org",
        ] {
            assert!(mail(odd).is_err(), "{odd}");
        }
    }
}
