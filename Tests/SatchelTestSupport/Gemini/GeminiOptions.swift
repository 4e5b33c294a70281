/// How the provider behaves; may be changed while it runs.
package struct GeminiOptions: LoopbackOptions {
    /// When a name that is taken is noticed; the documentation does not say, and both were seen.
    package enum Collision: Sendable {
        case atStart
        case atFinish
    }

    /// Keys that are taken, each with its project.
    package var keys = ["AIza-loopback-0001": "project-1", "AIza-loopback-0002": "project-2"]
    /// Segments of the path that name a version of the API.
    package var versions: Set<String> = ["v1", "v1beta"]
    /// Bytes of one file.
    package var maxFileSize = 2_147_483_648
    /// Entries that a page of a listing has at most, whatever was asked for.
    package var maxPage = 100
    /// Ignore the token and answer the same page for ever.
    package var repeatsPages = false
    /// How often a new file is still `PROCESSING` when it is asked for.
    package var processingGets = 0
    /// So many of the next files end as `FAILED`.
    package var failures = 0
    /// A file may have no bytes.
    package var takesEmptyFiles = false
    package var collision = Collision.atFinish
    /// The name of a file that was deleted, or whose upload began and never ended, cannot be had again.
    package var reservesNames = false
    /// `sha256Hash` as base64 of the 32 bytes, as the documentation has it, and not of their hexadecimal digits.
    package var hashesRawBytes = false
    /// 403 is what is seen in practice for everything that is not there, 404 what one would expect.
    package var missingStatus = 403
    /// Scheme, host and port of the upload URL instead of this server's own.
    package var uploadOrigin: String?
    /// Scheme, host and port in the `uri` of a file instead of this server's own: what stands behind a proxy names itself.
    package var uriOrigin: String?
    /// So many of the next pieces of more than ``chunkGranularity`` are kept by half and answered 503.
    package var brokenChunks = 0
    /// Every piece but the last must be a multiple of so many bytes.
    package var chunkGranularity = 262_144
    /// Thoughts before the answer.
    package var thinks = false
    /// Between the lines of an event stream.
    package var lineEnd = "\n"
    /// Lengths of the pieces that an event stream is cut into, over and over.
    package var pieceLengths = [1, 2, 3, 7, 31, 1, 64, 5, 200]

    package init() {}
}
