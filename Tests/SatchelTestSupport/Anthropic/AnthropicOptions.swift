/// How the provider behaves; may be changed while it runs.
package struct AnthropicOptions: LoopbackOptions {
    /// Keys that are taken, each with its workspace: every key of a workspace sees all of its files.
    package var keys = ["sk-ant-loopback-0001": "wrkspc_loopback1", "sk-ant-loopback-0002": "wrkspc_loopback2"]
    /// Bytes of one file.
    package var maxFileSize = 500_000_000
    /// Bytes of a JSON request.
    package var maxRequestSize = 32 << 20
    /// Tokens of a whole prompt, the shown files included.
    package var contextTokens = 1_000_000
    /// The most that `max_tokens` may ask for.
    package var maxOutputTokens = 128_000
    /// Entries that a page of a listing has at most, whatever was asked for.
    package var maxPage = 1000
    /// Ignore the cursor and answer the same page for ever, as a gateway once did.
    package var repeatsPages = false
    /// The status for a file id in a message that means nothing; what the provider says is not documented.
    package var missingFileStatus = 404
    /// Models that are refused as unknown.
    package var unknownModels: Set<String> = ["no-such-model"]
    /// Thoughts that come before every answer, in a block of their own; nil for none.
    package var thoughts: String?
    /// Tokens that a prefix must have before it is kept in the prompt cache.
    package var minCachedTokens = 512
    /// Between the lines of an event stream: `"\n"`, or `"\r\n"`, which is as proper.
    package var lineEnd = "\n"
    /// Lengths of the pieces that an event stream is cut into, over and over: they end inside lines and characters.
    package var pieceLengths = [1, 2, 3, 7, 31, 1, 64, 5, 200]

    package init() {}
}
