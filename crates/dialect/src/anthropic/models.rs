//! `GET /v1/models` and `/v1/models/{id}` in Anthropic's shape (`wire.md` §12).

use serde::Serialize;

/// A page of models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelPage {
    /// The models.
    pub data: Vec<ModelInfo>,
    /// The first of the page.
    pub first_id: Option<String>,
    /// The last of the page.
    pub last_id: Option<String>,
    /// Whether there are more in the direction that was asked for.
    pub has_more: bool,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelInfo {
    /// The name to ask for.
    pub id: String,
    /// Always `model`.
    pub r#type: &'static str,
    /// The name for people.
    pub display_name: String,
    /// Release as RFC 3339; the epoch when not known.
    pub created_at: String,
    /// Prompt tokens at most.
    pub max_input_tokens: u64,
    /// Tokens of one answer at most.
    pub max_tokens: u64,
}

/// Which page is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// After this id.
    pub after_id: Option<String>,
    /// Before this id.
    pub before_id: Option<String>,
    /// At most so many.
    pub limit: Option<usize>,
}

/// Models of one page when nobody says how many.
const USUAL_LIMIT: usize = 20;
/// Models of one page at most.
const LARGEST_LIMIT: usize = 1_000;

impl ModelPage {
    /// The page of `all` that was asked for. A cursor that names no model of the list is at its beginning or end.
    pub fn of(all: Vec<ModelInfo>, cursor: &Cursor) -> Self {
        let limit = cursor.limit.unwrap_or(USUAL_LIMIT).clamp(1, LARGEST_LIMIT);
        let place = |id: &Option<String>| all.iter().position(|model| Some(&model.id) == id.as_ref());
        let (start, end, has_more) = if cursor.before_id.is_some() {
            let end = place(&cursor.before_id).unwrap_or(all.len());
            let start = end.saturating_sub(limit);
            (start, end, start > 0)
        } else {
            let start = place(&cursor.after_id).map_or(0, |place| place + 1);
            let end = start.saturating_add(limit).min(all.len());
            (start, end, end < all.len())
        };
        let data: Vec<ModelInfo> = all.into_iter().take(end).skip(start).collect();
        let id = |model: Option<&ModelInfo>| model.map(|model| model.id.clone());
        Self { first_id: id(data.first()), last_id: id(data.last()), has_more, data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(id: &str) -> ModelInfo {
        ModelInfo {
            id: id.to_owned(),
            r#type: "model",
            display_name: id.to_owned(),
            created_at: "2026-05-01T00:00:00Z".to_owned(),
            max_input_tokens: 8_192,
            max_tokens: 1_024,
        }
    }

    fn page(cursor: &Cursor) -> (Vec<String>, bool) {
        let page = ModelPage::of(["a", "b", "c", "d"].map(model).to_vec(), cursor);
        assert_eq!(page.first_id.as_ref(), page.data.first().map(|model| &model.id));
        (page.data.into_iter().map(|model| model.id).collect(), page.has_more)
    }

    #[test]
    fn pages_go_both_ways() {
        let id = |id: &str| Some(id.to_owned());
        let all = Cursor::default();
        assert_eq!(page(&all).0.len(), 4);
        let two = Cursor { limit: Some(2), ..all };
        for (cursor, ids, has_more) in [
            (two.clone(), ["a", "b"], true),
            (Cursor { after_id: id("b"), ..two.clone() }, ["c", "d"], false),
            (Cursor { before_id: id("d"), ..two.clone() }, ["b", "c"], true),
            (Cursor { before_id: id("c"), ..two }, ["a", "b"], false),
        ] {
            let (found, more) = page(&cursor);
            assert_eq!((found.as_slice(), more), (ids.map(str::to_owned).as_slice(), has_more), "{cursor:?}");
        }
    }
}
