/// How the provider behaves; may be changed while it runs.
package struct MistralOptions: LoopbackOptions {
    /// What the server makes of `stream_options`, where the provider's pages and its schema disagree.
    package enum StreamOptions: Sendable {
        /// As the page on known limitations has it: taken, and the only way to usage in a stream.
        case wanted
        /// As the published schema has it, and as users have met it: refused as an extra input; usage comes unasked.
        case refused
    }

    /// Keys that are taken, each with its workspace.
    package var keys = ["mistral-loopback-0001": "workspace-1", "mistral-loopback-0002": "workspace-2"]
    /// Bytes of one file.
    package var maxFileSize = 512_000_000
    /// Whether the bytes of an upload must be what it is declared as; false to try transport with any bytes.
    package var looksInside = true
    /// Bytes of a document that is read in a chat.
    package var maxDocumentSize = 50_000_000
    /// Pages of a PDF that is read in a chat.
    package var maxDocumentPages = 1000
    /// Bytes of a picture that is shown in a chat; one page says 10 MB and another 20, and less is safe.
    package var maxImageSize = 10_000_000
    /// Entries that a page of a listing has at most, whatever was asked for: no limit is published.
    package var maxPage = 1000
    /// Answer the same page for every page number.
    package var repeatsPages = false
    /// Whether listings begin with the oldest file; the order is not documented.
    package var listsOldestFirst = false
    /// Whether `search` finds names that contain it; what the real one goes by is not documented, so it may find nothing.
    package var searchFinds = true
    /// Seconds that files are kept: 30 days.
    package var retention: Int64? = 2_592_000
    /// Whether file objects say `expires_at`, which the documented examples lack.
    package var saysExpiry = false
    /// Whether a deleted file can still be looked up, with `deleted: true`, and is still listed so.
    package var keepsDeleted = false
    package var streamOptions = StreamOptions.wanted
    /// Models that there are; empty when every name will do.
    package var models: Set<String> = []
    /// What a reasoning model thinks before it answers.
    package var thought: String?
    /// Whether the text of an answer comes as a list of chunks instead of a string.
    package var answersInChunks = false
    /// Between the lines of an event stream: `"\n"`, or `"\r\n"`, which is as proper.
    package var lineEnd = "\n"
    /// Lengths of the pieces that an event stream is cut into, over and over: they end inside lines and characters.
    package var pieceLengths = [1, 2, 3, 7, 31, 1, 64, 5, 200]

    package init() {}
}
