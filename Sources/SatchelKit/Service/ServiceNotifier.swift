internal import Glibc
internal import Synchronization

/// Tells the service manager how a watch is doing, by the protocol of sd_notify(3): datagrams of `NAME=value` lines.
///
/// Does nothing where there is no service manager. A datagram that it does not take is left out: it is never worth
/// waiting for.
final class ServiceNotifier: Sendable {
    /// How long the service manager waits for a sign of life, in seconds; nil when it does not.
    let watchdog: Double?
    private let descriptor: Int32
    private let address: [UInt8]
    private let lastStatus = Mutex("")

    /// Nil without `NOTIFY_SOCKET`, or when it is no address: a path, or `@` and a name of the abstract kind.
    init?(environment: [String: String]) {
        guard let name = environment["NOTIFY_SOCKET"], let address = Self.bytes(ofAddress: name) else { return nil }
        // SOCK_CLOEXEC, so that no key_command can speak for us.
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        self.address = address
        let isMeant = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        let seconds = environment["WATCHDOG_USEC"].flatMap(Double.init).map { $0 / 1e6 } ?? 0
        watchdog = isMeant && seconds > 0 ? seconds : nil
    }

    deinit { close(descriptor) }

    /// The variables that are the service's own and nobody's whom it starts.
    static let variables: Set<String> = [
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
    ]

    /// What can be told.
    enum News {
        case ready
        case reloading
        case alive
        case stopping
        /// Starting takes longer; so many seconds more from now on.
        case starting(seconds: Double)
    }

    func tell(_ news: News) {
        switch news {
        case .ready: send("READY=1")
        case .reloading: send("RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds())")
        case .alive: send("WATCHDOG=1")
        case .stopping: send("STOPPING=1")
        case .starting(let seconds): send("EXTEND_TIMEOUT_USEC=\(Int(seconds * 1e6))")
        }
    }

    /// One line for people who ask the service manager; nothing is sent when it is the last one again.
    func tell(status: String) {
        let isNew = lastStatus.withLock { last in
            defer { last = status }
            return last != status
        }
        if isNew { send("STATUS=\(status.replacing("\n", with: " "))") }
    }

    private func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = address.withUnsafeBytes { address in
            // The bytes are those of a sockaddr_un, which may be longer than a sockaddr.
            guard let start = address.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return -1 }
            return sendto(
                descriptor,
                bytes,
                bytes.count,
                Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT),
                start,
                socklen_t(address.count)
            )
        }
    }

    /// The bytes of the address, as long as it is: the length tells where an abstract name ends.
    private static func bytes(ofAddress name: String) -> [UInt8]? {
        var path = Array(name.utf8)
        guard path.count > 1, path[0] == UInt8(ascii: "/") || path[0] == UInt8(ascii: "@") else { return nil }
        let isAbstract = path[0] == UInt8(ascii: "@")
        if isAbstract { path[0] = 0 } else { path.append(0) }
        guard path.count <= MemoryLayout.size(ofValue: sockaddr_un().sun_path) else { return nil }
        return withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) } + path
    }

    private func monotonicMicroseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }
}
