import SatchelCore

/// Makes ``ChatEvent`` of one wire format's stream events.
protocol ChatDecoder: Sendable {
    /// The events that `event` stands for.
    ///
    /// Kinds that are not known bring nothing: providers add kinds all the time.
    mutating func take(_ event: SSEEvent) throws(ChatStreamFault) -> [ChatEvent]

    /// What the end of the stream itself completes.
    mutating func end() -> [ChatEvent]
}

/// What a stream can say instead of going on.
enum ChatStreamFault: Error, Hashable {
    case refused(ErrorReply)
    case unreadable(String)
}
