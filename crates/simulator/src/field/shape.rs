//! The tree of fields that Google documents.

/// What may stand under a name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Field {
    /// Anything; kept as it is.
    Any,
    /// One message.
    One(&'static Shape),
    /// A list of messages.
    Many(&'static Shape),
    /// A map from free names to messages.
    Map(&'static Shape),
}

/// The fields of a message.
#[derive(Debug)]
pub(super) struct Shape(pub(super) &'static [(&'static str, Field)]);

use Field::{Any, Many, Map as MapOf, One};

pub(super) static GENERATE: Shape = Shape(&[
    ("model", Any),
    ("contents", Many(&CONTENT)),
    ("systemInstruction", One(&CONTENT)),
    ("tools", Many(&TOOL)),
    ("toolConfig", One(&TOOL_CONFIG)),
    ("safetySettings", Many(&SAFETY)),
    ("cachedContent", Any),
    ("labels", Any),
    ("serviceTier", Any),
    ("store", Any),
    ("continuationToken", Any),
    ("generationConfig", One(&GENERATION_CONFIG)),
]);

pub(super) static COUNT: Shape =
    Shape(&[("contents", Many(&CONTENT)), ("generateContentRequest", One(&GENERATE))]);

pub(super) static EMBED: Shape = Shape(&[
    ("model", Any),
    ("content", One(&CONTENT)),
    ("taskType", Any),
    ("title", Any),
    ("outputDimensionality", Any),
    ("autoTruncate", Any),
    ("embedContentConfig", Any),
]);

pub(super) static BATCH_EMBED: Shape = Shape(&[("requests", Many(&EMBED))]);

static CONTENT: Shape = Shape(&[("role", Any), ("parts", Many(&PART))]);

static PART: Shape = Shape(&[
    ("text", Any),
    ("inlineData", One(&BLOB)),
    ("fileData", One(&FILE)),
    ("functionCall", One(&CALL)),
    ("functionResponse", One(&RESPONSE)),
    ("executableCode", One(&Shape(&[("id", Any), ("language", Any), ("code", Any)]))),
    ("codeExecutionResult", One(&Shape(&[("id", Any), ("outcome", Any), ("output", Any)]))),
    ("toolCall", One(&Shape(&[("id", Any), ("toolType", Any), ("args", Any)]))),
    ("toolResponse", One(&Shape(&[("id", Any), ("toolType", Any), ("response", Any)]))),
    ("thought", Any),
    ("thoughtSignature", Any),
    ("videoMetadata", Any),
    ("mediaResolution", Any),
    ("mediaProcessing", Any),
    ("partMetadata", Any),
    ("speechMetadata", Any),
    ("documentMetadata", Any),
    ("spreadsheetMetadata", Any),
    ("audioMetadata", Any),
    ("audioTranscription", Any),
]);

static BLOB: Shape = Shape(&[("mimeType", Any), ("data", Any), ("displayName", Any)]);
static FILE: Shape = Shape(&[("mimeType", Any), ("fileUri", Any), ("displayName", Any)]);
static CALL: Shape = Shape(&[("id", Any), ("name", Any), ("args", Any)]);
static RESPONSE: Shape = Shape(&[
    ("id", Any),
    ("name", Any),
    ("response", Any),
    ("parts", Many(&Shape(&[("inlineData", One(&BLOB)), ("fileData", One(&FILE))]))),
    ("willContinue", Any),
    ("scheduling", Any),
]);

static TOOL: Shape = Shape(&[
    ("functionDeclarations", Many(&DECLARATION)),
    ("googleSearch", Any),
    ("googleSearchRetrieval", Any),
    ("googleMaps", Any),
    ("urlContext", Any),
    ("codeExecution", Any),
    ("computerUse", Any),
    ("fileSearch", Any),
    ("mcpServers", Any),
]);

static DECLARATION: Shape = Shape(&[
    ("name", Any),
    ("description", Any),
    ("parameters", One(&SCHEMA)),
    ("parametersJsonSchema", Any),
    ("response", One(&SCHEMA)),
    ("responseJsonSchema", Any),
    ("behavior", Any),
]);

/// The OpenAPI subset: `$ref`, `const`, `oneOf` and their like are unknown here, unlike in the JSON Schema fields.
static SCHEMA: Shape = Shape(&[
    ("type", Any),
    ("format", Any),
    ("title", Any),
    ("description", Any),
    ("nullable", Any),
    ("enum", Any),
    ("items", One(&SCHEMA)),
    ("minItems", Any),
    ("maxItems", Any),
    ("properties", MapOf(&SCHEMA)),
    ("required", Any),
    ("minProperties", Any),
    ("maxProperties", Any),
    ("minimum", Any),
    ("maximum", Any),
    ("minLength", Any),
    ("maxLength", Any),
    ("pattern", Any),
    ("example", Any),
    ("default", Any),
    ("anyOf", Many(&SCHEMA)),
    ("propertyOrdering", Any),
    ("additionalProperties", Any),
]);

static TOOL_CONFIG: Shape = Shape(&[
    ("functionCallingConfig", One(&Shape(&[("mode", Any), ("allowedFunctionNames", Any)]))),
    ("retrievalConfig", One(&Shape(&[("latLng", Any), ("languageCode", Any)]))),
    ("includeServerSideToolInvocations", Any),
]);

static SAFETY: Shape = Shape(&[("category", Any), ("threshold", Any)]);

static GENERATION_CONFIG: Shape = Shape(&[
    ("temperature", Any),
    ("topP", Any),
    ("topK", Any),
    ("candidateCount", Any),
    ("maxOutputTokens", Any),
    ("stopSequences", Any),
    ("responseLogprobs", Any),
    ("logprobs", Any),
    ("presencePenalty", Any),
    ("frequencyPenalty", Any),
    ("seed", Any),
    ("responseMimeType", Any),
    ("responseSchema", One(&SCHEMA)),
    ("responseJsonSchema", Any),
    ("responseFormat", Any),
    ("responseModalities", Any),
    ("mediaResolution", Any),
    ("speechConfig", Any),
    (
        "thinkingConfig",
        One(&Shape(&[("includeThoughts", Any), ("thinkingBudget", Any), ("thinkingLevel", Any)])),
    ),
    ("imageConfig", One(&Shape(&[("aspectRatio", Any), ("imageSize", Any)]))),
    ("enableEnhancedCivicAnswers", Any),
    ("audioTranscriptionConfig", Any),
    ("translationConfig", Any),
]);
