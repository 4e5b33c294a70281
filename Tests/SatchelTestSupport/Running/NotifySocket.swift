import Glibc
import Synchronization

/// Stands in for a service manager: takes the datagrams that a service sends to `NOTIFY_SOCKET`.
package final class NotifySocket: Sendable {
    /// For the variable.
    package let name: String
    private let descriptor: Int32
    private let messages = Watched<[String]>([])

    /// - Parameter path: where it is to be; with an `@` in front, a name of the abstract kind.
    /// - Throws: ``SystemFailure``.
    package init(_ path: String) throws {
        name = path
        // Close-on-exec from the first moment.
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemFailure("socket", errno) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes.prefix($0.count)) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw SystemFailure("bind \(path)", code)
        }
        self.descriptor = descriptor
        let messages = messages
        try OwnThread {
            var room = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = recv(descriptor, &room, room.count, 0)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                let text = String(decoding: room.prefix(count), as: UTF8.self)
                messages.update { $0 += text.split(separator: "\n").map(String.init) }
            }
            close(descriptor)
        }.detach()
    }

    /// Makes its thread end.
    package func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Every line so far.
    package var lines: [String] { messages.value }

    /// The `count`-th line that begins so, as soon as it is there.
    @discardableResult
    package func line(_ beginning: String, count: Int = 1) async throws -> String {
        try await messages.first("a line that begins with \(beginning), \(count) times") { lines in
            lines.filter { $0.hasPrefix(beginning) }.dropFirst(count - 1).first
        }
    }
}
