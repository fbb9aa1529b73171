internal import Dispatch
internal import Foundation
internal import Synchronization

/// Notices SIGINT and SIGTERM, so that a command can end with what it has in hand done.
///
/// A second signal ends it at once.
final class StopSignals {
    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    private let flag: Flag
    private let sources: [any DispatchSourceSignal]

    init() {
        let flag = Flag()
        self.flag = flag
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                flag.isSet.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
            source.resume()
            return source
        }
    }

    deinit { for source in sources { source.cancel() } }

    /// Whether one has come.
    var isRequested: @Sendable () -> Bool {
        { [flag] in flag.isSet.load(ordering: .relaxed) }
    }
}
