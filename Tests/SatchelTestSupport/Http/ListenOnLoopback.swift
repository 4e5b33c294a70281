import Glibc

/// A non-blocking listening socket on 127.0.0.1; port 0 takes a free one.
func listenOnLoopback(port: UInt16, receiveBuffer: Int32?) throws(SystemFailure) -> (descriptor: Int32, port: UInt16) {
    let bound = try bindOnLoopback(port: port, mayFollow: true)
    if var size = receiveBuffer {
        setsockopt(bound.descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }
    guard listen(bound.descriptor, 512) == 0 else {
        let code = errno
        close(bound.descriptor)
        throw SystemFailure("listen", code)
    }
    return bound
}

/// A socket that has a port of 127.0.0.1 and does not listen there.
///
/// With `mayFollow` it may take a port whose last connections are not forgotten yet, and others may do so to it.
private func bindOnLoopback(
    port: UInt16,
    mayFollow: Bool
) throws(SystemFailure) -> (descriptor: Int32, port: UInt16) {
    let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_INET, flags, 0)
    guard descriptor >= 0 else { throw SystemFailure("socket", errno) }
    func failed(_ call: String) -> SystemFailure {
        let code = errno
        close(descriptor)
        return SystemFailure(call, code)
    }
    if mayFollow {
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard bound == 0 else { throw failed("bind") }
    let named = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard named == 0 else { throw failed("getsockname") }
    return (descriptor, UInt16(bigEndian: address.sin_port))
}

/// A port of 127.0.0.1 at which nobody listens and nobody else can begin to: for connections that are refused.
///
/// It is taken while `body` runs: a port that is merely free is soon another test's.
package func withRefusingPort<Result>(_ body: (UInt16) async throws -> Result) async throws -> Result {
    let bound = try bindOnLoopback(port: 0, mayFollow: false)
    defer { close(bound.descriptor) }
    return try await body(bound.port)
}
