/// How the provider behaves; may be changed while it runs.
package struct XAIOptions: LoopbackOptions {
    /// Which of the three shapes an error body has: the service uses each of them somewhere.
    package enum ErrorShape: Sendable, CaseIterable {
        /// `{"code": "…", "error": "…"}`.
        case coded
        /// `{"error": "…"}`.
        case plain
        /// `{"error": {"message", "type", "param", "code"}}`.
        case nested
        /// No JSON at all.
        case text
    }

    /// Keys that are taken, each with its team.
    package var keys = ["xai-loopback-0001": "team-1", "xai-loopback-0002": "team-2"]
    package var errorShape = ErrorShape.coded
    /// Bytes of one file.
    package var maxFileSize = 50_000_000
    /// Entries that a page of a listing has at most, whatever was asked for.
    package var maxPage = 100
    /// Whether the last page has a `pagination_token` too, as the REST reference says; the gRPC one says no.
    package var tokenOnLastPage = true
    /// Answer the same page for ever, whatever token comes.
    package var repeatsPages = false
    /// The status for a file id in a chat request that means nothing.
    package var missingFileStatus = 404
    /// The name of the event that ends an answer: `response.completed`, or `response.done`.
    package var completed = "response.completed"
    /// Whether `data: [DONE]` follows it.
    package var saysDone = true
    /// Between the lines of an event stream.
    package var lineEnd = "\n"
    /// Lengths of the pieces that an event stream is cut into, over and over: they end inside lines and characters.
    package var pieceLengths = [1, 2, 3, 7, 31, 1, 64, 5, 200]

    package init() {}
}

extension EventStream {
    init(_ options: XAIOptions) {
        var same = OpenAIOptions()
        same.lineEnd = options.lineEnd
        same.pieceLengths = options.pieceLengths
        self.init(same)
    }
}
