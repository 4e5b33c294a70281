/// An upload between its start and its end: what was announced, and what has come.
struct UploadSession: Sendable {
    enum Outcome: Sendable {
        case open
        case cancelled
        case stored(id: String)
        /// It came to nothing, and says so whenever it is asked.
        case refused(status: Int, body: JSONValue)
    }

    var project: String
    /// `files/…`, when the client chose one.
    var name: String?
    var displayName: String?
    var mimeType: String
    /// Bytes, when announced.
    var size: Int?
    var bytes: [UInt8] = []
    var outcome = Outcome.open
}
