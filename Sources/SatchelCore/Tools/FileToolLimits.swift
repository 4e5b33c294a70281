/// How much one question may have looked up here.
package struct FileToolLimits: Hashable, Sendable {
    /// Requests that may end in calls; the one after them must answer.
    package var rounds = 16
    /// Bytes of all results of one question.
    package var turnBytes = 256 << 10
    /// Calls that one answer may make at once.
    package var callsAtOnce = 16
    /// Lines that one call reads.
    package var readLines = 400
    /// Bytes that one call reads.
    package var readBytes = 32 << 10
    /// Entries that one call lists.
    package var entries = 200
    /// Places that one search shows.
    package var places = 30
    /// Places that one search shows of the same file.
    package var placesInFile = 5
    /// Lines shown before and behind each place.
    package var around = 2
    /// Bytes of a line; the rest of it is left out.
    package var lineBytes = 400
    /// Bytes of a call's arguments.
    package var argumentBytes = 16 << 10
    /// Bytes of a result that are kept with the message.
    package var keptBytes = 4 << 10
    /// Larger files are not searched or read.
    package var fileBytes: Int64 = 4 << 20

    package init() {}
}
