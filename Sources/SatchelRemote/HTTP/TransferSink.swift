/// Where an exchange's answer goes, piece by piece, on the HTTP thread.
protocol TransferSink: Sendable {
    func head(_ head: HTTPHead)
    func body(_ bytes: UnsafeRawBufferPointer) -> BodyVerdict
    /// Called exactly once, last.
    func end(_ failure: HTTPFailure?)
}

/// What a sink says to a piece of body.
enum BodyVerdict {
    case took
    /// Not now: the same piece comes again after ``CurlLoop/resume(_:)``.
    case pause
    case refuse(HTTPFailure)
}
