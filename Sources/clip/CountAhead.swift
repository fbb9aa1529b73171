internal import CLIPEngine
internal import CLIPFiles
internal import Synchronization

/// Counts the files of folders by their names, beside the work and with what it leaves of the processor.
final class CountAhead: Sendable {
    private enum State {
        case counting
        case counted(Int)
        case ended
    }

    private let state = Mutex(State.counting)
    /// More names, or names that take longer, are not counted: nobody waits for the end then.
    private static let (mostNames, longest) = (20_000_000, Duration.seconds(120))

    init(below folders: [String], rules: FolderWalk.Rules) {
        NamedThread.start("count", 1) { [weak self] in
            NamedThread.giveWay()
            let deadline = ContinuousClock.now + Self.longest
            var sum = 0
            for folder in folders {
                let count = FileCount.count(below: folder, rules: rules) { [weak self] count in
                    guard let self else { return true }
                    return sum + count > Self.mostNames || ContinuousClock.now > deadline || hasEnded
                }
                guard let count else { return }
                sum += count
            }
            self?.finish(sum)
        }
    }

    private func finish(_ total: Int) {
        state.withLock { state in
            if case .counting = state { state = .counted(total) }
        }
    }

    private var hasEnded: Bool {
        state.withLock { state in
            if case .ended = state { true } else { false }
        }
    }

    /// Nil until all are counted.
    var total: Int? {
        state.withLock { state in
            if case .counted(let total) = state { total } else { nil }
        }
    }

    func end() { state.withLock { $0 = .ended } }
}
