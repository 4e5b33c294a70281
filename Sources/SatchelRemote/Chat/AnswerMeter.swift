import SatchelCore

/// Measures one answer while it comes: whoever sends without end fills neither memory nor disk.
struct AnswerMeter: Sendable {
    /// Which bound was passed, in words.
    struct TooMuch: Error, Hashable {
        var what: String
    }

    /// Bytes of all that is said and thought: some ten times what the longest answers of models take.
    static let mostWords = 16 << 20
    /// Bytes as they arrive, pictures and what surrounds each word included.
    static let mostBytes = 256 << 20
    /// Calls, files, places that are cited, and what tools are doing.
    static let mostThings = 5000

    private var words = 0
    private var bytes = 0
    private var things = 0

    /// - Throws: ``TooMuch`` when the answer has to end before these bytes.
    mutating func take(_ piece: [UInt8]) throws(TooMuch) {
        bytes += piece.count
        if bytes > Self.mostBytes { throw TooMuch(what: "\(Self.mostBytes >> 20) MiB") }
    }

    /// - Throws: ``TooMuch`` when the answer has to end before this event.
    mutating func take(_ event: ChatEvent) throws(TooMuch) {
        switch event {
        case .text(let piece), .refusal(let piece), .reasoning(let piece):
            words += piece.utf8.count
            if words > Self.mostWords { throw TooMuch(what: "\(Self.mostWords >> 20) MiB of text") }
        case .status, .citation, .made, .toolCall:
            things += 1
            if things > Self.mostThings { throw TooMuch(what: "\(Self.mostThings) sources, calls and files") }
        case .started, .usage, .finished: break
        }
    }
}
