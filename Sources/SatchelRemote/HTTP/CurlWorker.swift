internal import CCurl
import Glibc

/// All that belongs to the HTTP thread alone: the multi handle, the running transfers and spare easy handles.
final class CurlWorker {
    private let multi: UnsafeMutableRawPointer
    private let trust: TrustSettings
    private var live: [ObjectIdentifier: LiveTransfer] = [:]
    private var byHandle: [UnsafeMutableRawPointer: LiveTransfer] = [:]
    private var spare: [EasyHandle] = []
    /// When the next transfer may have been idle for too long.
    private var nextCheck = Double.infinity

    private static let mostSpare = 64

    init(multi: UnsafeMutableRawPointer, trust: TrustSettings) {
        self.multi = multi
        self.trust = trust
    }

    func obey(_ command: CurlLoop.Command) {
        switch command {
        case .start(let transfer): start(transfer)
        case .cancel(let transfer):
            if let running = live[ObjectIdentifier(transfer)] { end(running, .cancelled) }
        case .resume(let transfer):
            guard let running = live[ObjectIdentifier(transfer)] else { return }
            running.isPaused = false
            running.lastActivity = monotonicSeconds()
            nextCheck = min(nextCheck, running.idleDeadline)
            curl_easy_pause(running.easy.handle, CURLPAUSE_CONT)
        case .stop: break
        }
    }

    /// Moves bytes, reports what is finished, then waits for sockets, letters or the next time-out.
    func work() {
        var running: Int32 = 0
        curl_multi_perform(multi, &running)
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
                let transfer = byHandle[handle]
            else { continue }
            end(transfer, transfer.failure(for: ccurl_message_result(message)))
        }
        let now = monotonicSeconds()
        if now >= nextCheck { endIdle(now: now) }
        let wait = min(max(nextCheck - now, 0), 60)
        curl_multi_poll(multi, nil, 0, Int32((wait * 1000).rounded(.up)), nil)
    }

    func refuse(_ transfer: Transfer) {
        if live[ObjectIdentifier(transfer)] == nil { transfer.sink.end(.cancelled) }
    }

    func tearDown() {
        for transfer in Array(live.values) { end(transfer, .cancelled) }
        for easy in spare { easy.free() }
        spare = []
        curl_multi_cleanup(multi)
    }

    private func start(_ transfer: Transfer) {
        guard !transfer.isStopped else {
            transfer.sink.end(.cancelled)
            return
        }
        guard let easy = spare.popLast() ?? EasyHandle() else {
            transfer.sink.end(.invalid("libcurl has no memory for another transfer"))
            return
        }
        let running = LiveTransfer(transfer, on: easy)
        guard running.prepare(trust: trust), curl_multi_add_handle(multi, easy.handle) == CURLM_OK else {
            running.release()
            easy.free()
            transfer.sink.end(.invalid("libcurl does not take the request"))
            return
        }
        live[ObjectIdentifier(transfer)] = running
        byHandle[easy.handle] = running
        nextCheck = min(nextCheck, running.idleDeadline)
    }

    private func end(_ running: LiveTransfer, _ failure: HTTPFailure?) {
        let easy = running.easy
        // Mid-transfer, this closes the connection; after the end it goes back to the cache.
        curl_multi_remove_handle(multi, easy.handle)
        live[ObjectIdentifier(running.transfer)] = nil
        byHandle[easy.handle] = nil
        running.release()
        if spare.count < Self.mostSpare {
            easy.reset()
            spare.append(easy)
        } else {
            easy.free()
        }
        running.transfer.sink.end(failure)
    }

    private func endIdle(now: Double) {
        nextCheck = .infinity
        for running in Array(live.values) where !running.isPaused {
            running.noteSentBytes(now: now)
            if now >= running.idleDeadline {
                let seconds = Int(running.transfer.request.limits.idle.rounded())
                end(running, .lost("nothing was heard for \(seconds) s"))
            } else {
                nextCheck = min(nextCheck, running.idleDeadline)
            }
        }
    }
}

/// A libcurl easy handle and the buffer its error texts go to.
struct EasyHandle {
    let handle: UnsafeMutableRawPointer
    let errorText: UnsafeMutablePointer<CChar>

    init?() {
        guard let handle = curl_easy_init() else { return nil }
        self.handle = handle
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    func reset() {
        curl_easy_reset(handle)
        errorText.pointee = 0
    }

    func free() {
        curl_easy_cleanup(handle)
        errorText.deallocate()
    }
}

/// Seconds of a clock that nobody sets.
func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
