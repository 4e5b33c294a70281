/// How the provider behaves; may be changed while it runs.
package struct OpenAIOptions: LoopbackOptions {
    /// Keys that are taken, each with its project; empty for a server that wants none.
    package var keys = ["sk-loopback-0001": "project-1", "sk-loopback-0002": "project-2"]
    /// False for a server that has no such thing, and answers 404 at `/v1/files`.
    package var hasFiles = true
    /// False for a server that only has Chat Completions.
    package var hasResponses = true
    /// Behave like OGX where it differs from OpenAI: see ``ogx``.
    package var isOGX = false
    /// Bytes of one file.
    package var maxFileSize = 512_000_000
    /// Bytes of all files in one chat request, and of each.
    package var maxRequestFiles = 50_000_000
    /// Entries that a page of a listing has at most, whatever was asked for.
    package var maxPage = 10_000
    /// Ignore the cursor and answer the same page for ever, as a gateway once did.
    package var repeatsPages = false
    /// Whether uploads can be fetched back whatever their purpose.
    package var allowsDownload = false
    /// The status for a file id in a chat request that means nothing; what OpenAI says is not documented.
    package var missingFileStatus = 400
    /// The status and words for a project that is full.
    package var whenFull = (status: 400, message: "You have exceeded your file storage quota.")
    /// How ids begin.
    package var idPrefix = "file-"
    package var refusesEmptyFiles = false
    /// Whether a wish for an expiry has an effect.
    package var heedsExpiry = true
    /// Whether the bytes of a document decide what it is, and its extension nothing.
    package var sniffsDocuments = false
    /// Between the lines of an event stream: `"\n"`, or `"\r\n"`, which is as proper.
    package var lineEnd = "\n"
    /// Lengths of the pieces that an event stream is cut into, over and over: they end inside lines and characters.
    package var pieceLengths = [1, 2, 3, 7, 31, 1, 64, 5, 200]

    package init() {}

    /// OGX 1.5: stored names are rewritten, every file expires, two shapes of error bodies without type and code,
    /// 404 and error events for missing files, streams with `data:` lines only and no `[DONE]`, no keys.
    package static var ogx: OpenAIOptions {
        var options = OpenAIOptions()
        options.isOGX = true
        options.keys = [:]
        options.maxFileSize = 104_857_600
        options.missingFileStatus = 404
        options.allowsDownload = true
        return options
    }

    /// OpenRouter's files, as it published them in 2026: nothing expires, nothing can be fetched back, an empty file is
    /// refused, and a full workspace is 403.
    package static var openRouter: OpenAIOptions {
        var options = OpenAIOptions()
        options.maxFileSize = 104_857_600
        options.maxPage = 100
        options.whenFull = (403, "Workspace storage limit reached.")
        options.idPrefix = "or_file_"
        options.refusesEmptyFiles = true
        options.heedsExpiry = false
        options.sniffsDocuments = true
        return options
    }

    /// A plain chat server: no Files API, no Responses, no keys.
    package static var plainChat: OpenAIOptions {
        var options = OpenAIOptions()
        options.hasFiles = false
        options.hasResponses = false
        options.keys = [:]
        return options
    }
}
