import Glibc

/// Where a running watch listens: `.satchel/control.sock`.
///
/// A socket's address holds 107 bytes, and a workspace may be deeper than that: so it is reached through the open state
/// folder, as `/proc/self/fd/N/control.sock`, which is always short.
enum ControlAddress {
    static let name = "control.sock"

    /// Calls `body` with the address of the socket in the folder that `descriptor` has open.
    static func with<T>(
        in descriptor: Int32,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> T
    ) -> T {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            room.copyBytes(from: "/proc/self/fd/\(descriptor)/\(name)".utf8.prefix(room.count - 1))
        }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    static func newSocket() throws(SystemError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw .last }
        return descriptor
    }

    /// Whether the other end is this user, or root.
    static func isOwn(_ descriptor: Int32) -> Bool {
        // `struct ucred`, which Glibc keeps behind _GNU_SOURCE: pid, uid, gid.
        var peer: (pid: Int32, uid: UInt32, gid: UInt32) = (0, .max, .max)
        var size = socklen_t(MemoryLayout.size(ofValue: peer))
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 else { return false }
        return peer.uid == geteuid() || peer.uid == 0
    }
}

/// Lines over a socket: what is left of one read begins the next line.
struct LineReader {
    private var buffer: [UInt8] = []
    private let limit: Int

    /// `limit` is the most bytes of a line.
    init(limit: Int) { self.limit = limit }

    /// The next line without its end; nil at the end of the stream, for a line that is too long, and after an error.
    mutating func next(from descriptor: Int32) -> [UInt8]? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(buffer[..<end])
                buffer.removeFirst(end + 1)
                return line
            }
            guard buffer.count <= limit else { return nil }
            var room = [UInt8](repeating: 0, count: 65536)
            let count = recv(descriptor, &room, room.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            buffer += room.prefix(count)
        }
    }
}

/// Sends all of it; false when the other end is gone or takes nothing for as long as the socket's time-out says.
func sendAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
        let count = bytes.withUnsafeBytes { bytes in
            send(descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        sent += count
    }
    return true
}

func setTimeout(_ seconds: Int, _ option: Int32, of descriptor: Int32) {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
}
