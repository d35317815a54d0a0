//! What the OpenAPI document says of a route, beside what the list of routes knows: words, query, body and answers.
//!
//! Schemas of answers come from the very types that are sent; those of bodies are written down, and the tests of
//! `document` and the fuzzer of the API in `clients/` hold them to what the handlers take.

use http::Method;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// A schema, or the name of one.
pub(super) type Said = RefOr<Schema>;

/// A parameter of the query.
#[derive(Clone)]
pub(super) struct Query {
    pub(super) name: &'static str,
    pub(super) words: &'static str,
    pub(super) schema: Said,
}

/// An answer that is no failure, or a failure that is this route's own.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) media: Option<&'static str>,
    /// None with a media type: bytes or a text.
    pub(super) schema: Option<Said>,
}

/// What is said of a route.
#[derive(Clone)]
pub(super) struct About {
    pub(super) method: Method,
    /// As the list of routes of its surface has it.
    pub(super) path: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) queries: Vec<Query>,
    pub(super) body: Option<Said>,
    pub(super) answers: Vec<Answer>,
    /// Statuses of failures beside those that its guard, path, query and body bring.
    pub(super) failures: Vec<u16>,
    /// The named schemas that its answers lean on.
    pub(super) named: Vec<(String, Said)>,
}

impl About {
    /// A route of this method.
    pub(super) fn new(method: Method, path: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path,
            tag: "",
            summary,
            queries: Vec::new(),
            body: None,
            answers: Vec::new(),
            failures: Vec::new(),
            named: Vec::new(),
        }
    }

    /// A route for GET.
    pub(super) fn get(path: &'static str, summary: &'static str) -> Self {
        Self::new(Method::GET, path, summary)
    }

    /// A route for POST.
    pub(super) fn post(path: &'static str, summary: &'static str) -> Self {
        Self::new(Method::POST, path, summary)
    }

    /// A route for PUT.
    pub(super) fn put(path: &'static str, summary: &'static str) -> Self {
        Self::new(Method::PUT, path, summary)
    }

    /// A route for PATCH.
    pub(super) fn patch(path: &'static str, summary: &'static str) -> Self {
        Self::new(Method::PATCH, path, summary)
    }

    /// A route for DELETE.
    pub(super) fn delete(path: &'static str, summary: &'static str) -> Self {
        Self::new(Method::DELETE, path, summary)
    }

    /// The group it is listed under.
    pub(super) fn tagged(self, tag: &'static str) -> Self {
        Self { tag, ..self }
    }

    /// What its query may have.
    pub(super) fn takes(mut self, queries: impl IntoIterator<Item = Query>) -> Self {
        self.queries.extend(queries);
        self
    }

    /// What its body is.
    pub(super) fn asks(self, body: impl Into<Said>) -> Self {
        Self { body: Some(body.into()), ..self }
    }

    /// It answers with this type.
    pub(super) fn says<T: ToSchema>(self, status: u16) -> Self {
        self.says_as::<T>(status, T::name().into_owned())
    }

    /// It answers with a list `L` of `T`: a generic type has no name of its own.
    pub(super) fn says_list<L: ToSchema, T: ToSchema>(mut self) -> Self {
        T::schemas(&mut self.named);
        self.named.push((T::name().into_owned(), <T as PartialSchema>::schema()));
        self.says_as::<L>(200, format!("{}Of{}", L::name(), T::name()))
    }

    fn says_as<T: ToSchema>(mut self, status: u16, name: String) -> Self {
        T::schemas(&mut self.named);
        let schema = named(&name);
        self.named.push((name, <T as PartialSchema>::schema()));
        self.answer(status, "application/json", Some(schema))
    }

    /// It answers with nothing but a status.
    pub(super) fn says_nothing(mut self) -> Self {
        self.answers.push(Answer { status: 204, media: None, schema: None });
        self
    }

    /// It answers with something else than one JSON document of ours.
    pub(super) fn answer(mut self, status: u16, media: &'static str, schema: Option<Said>) -> Self {
        self.answers.push(Answer { status, media: Some(media), schema });
        self
    }

    /// It may fail in these ways too.
    pub(super) fn fails(mut self, statuses: &[u16]) -> Self {
        self.failures.extend(statuses);
        self
    }
}

/// A reference to a schema of the document.
pub(super) fn named(name: &str) -> Said {
    RefOr::Ref(utoipa::openapi::Ref::from_schema_name(name))
}

/// A parameter of a query.
pub(super) fn query(name: &'static str, words: &'static str, schema: impl Into<Said>) -> Query {
    Query { name, words, schema: schema.into() }
}

/// A text.
pub(super) fn text() -> Said {
    ObjectBuilder::new().schema_type(Type::String).into()
}

/// A text of at most so many characters.
pub(super) fn text_of(longest: usize) -> Said {
    ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(longest)).into()
}

/// A moment, in ISO 8601.
pub(super) fn moment() -> Said {
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
}

/// A whole number of a range.
pub(super) fn whole(least: i64, most: i64) -> Said {
    #[expect(clippy::cast_precision_loss, reason = "bounds of the API are exact as doubles")]
    let bounds = (least as f64, most as f64);
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(bounds.0)).maximum(Some(bounds.1)).into()
}

/// True or false.
pub(super) fn truth() -> Said {
    ObjectBuilder::new().schema_type(Type::Boolean).into()
}

/// A list.
pub(super) fn list(item: Said) -> Said {
    Schema::from(ArrayBuilder::new().items(item)).into()
}

/// Any object.
pub(super) fn anything() -> Said {
    let open = AdditionalProperties::FreeForm(true);
    ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(open)).into()
}

/// The same, or null.
pub(super) fn or_null(schema: Said) -> Said {
    match schema {
        RefOr::T(Schema::Object(mut object)) => {
            let kinds = match object.schema_type {
                SchemaType::Type(kind) => vec![kind, Type::Null],
                SchemaType::Array(kinds) => kinds,
                SchemaType::AnyValue => Vec::new(),
            };
            object.schema_type = SchemaType::from_iter(kinds);
            RefOr::T(Schema::Object(object))
        }
        RefOr::T(Schema::Array(mut array)) => {
            array.schema_type = SchemaType::from_iter([Type::Array, Type::Null]);
            RefOr::T(Schema::Array(array))
        }
        other => other,
    }
}

/// An object whose fields are written down.
#[derive(Default)]
pub(super) struct Fields {
    object: ObjectBuilder,
}

/// An object that may have other fields too.
pub(super) fn fields() -> Fields {
    Fields { object: ObjectBuilder::new().schema_type(Type::Object) }
}

/// An object that has these fields and no others.
pub(super) fn only() -> Fields {
    let closed = AdditionalProperties::FreeForm(false);
    Fields { object: ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(closed)) }
}

impl Fields {
    /// A field that has to be there.
    pub(super) fn must(self, name: &str, schema: Said) -> Self {
        Self { object: self.object.property(name, schema).required(name) }
    }

    /// A field that may be there.
    pub(super) fn may(self, name: &str, schema: Said) -> Self {
        Self { object: self.object.property(name, schema) }
    }
}

impl From<Fields> for Said {
    fn from(fields: Fields) -> Self {
        fields.object.into()
    }
}
