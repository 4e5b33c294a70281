import FoundationEssentials
import SatchelCore

/// The copy that an upload without an answer may have left: looked for in a listing, newest first.
struct WantedCopy {
    private let name: String
    /// Bytes.
    private let size: Int64
    /// By the server's clock, in seconds since 1970.
    private let earliest: Int64
    private let now: Int64

    /// - Parameters:
    ///   - name: the upload name, which no other upload has.
    ///   - size: bytes.
    ///   - createdAfter: by our clock.
    ///   - head: of the listing; how far our clock is off shows in its date.
    init(name: String, size: Int64, createdAfter: Date, head: HTTPHead) {
        let ourNow = Date().timeIntervalSince1970
        let theirNow = head["date"].flatMap { secondsSince1970(httpDate: $0) } ?? ourNow
        self.name = name
        self.size = size
        earliest = Int64(createdAfter.timeIntervalSince1970 + (theirNow - ourNow)) - 5
        now = Int64(theirNow)
    }

    func find(in files: [FileObject]) -> RemoteFile? {
        for file in files where file.name == name && file.size == size {
            guard (file.createdAt ?? earliest) >= earliest, (file.expiresAt ?? .max) > now else { continue }
            if let found = file.remoteFile, found.state == .ready { return found }
        }
        return nil
    }

    /// Whether it may be behind the last entry of a page; what is older than the search is not.
    func mayFollow(_ last: FileObject) -> Bool { (last.createdAt ?? earliest) >= earliest }
}
