internal import CLIPEvaluation
internal import Synchronization

/// Shows the events of an evaluation on standard error: sentences, and a progress line.
final class EvaluationProgress: Sendable {
    private let line = Mutex<ProgressLine?>(nil)

    /// Shows an event.
    func show(_ event: EvaluationEvent) {
        line.withLock { line in
            switch event {
            case .notice(let notice):
                line?.clear()
                Terminal.complain("\(notice)\n")
            case .began(let work, let count): line = ProgressLine(total: count, unit: Self.unit(of: work))
            case .advanced: line?.advance()
            case .ended:
                line?.clear()
                line = nil
            }
        }
    }

    private static func unit(of work: EvaluationEvent.Work) -> String {
        switch work {
        case .texts: "texts"
        case .images: "images"
        case .rankings: "images ranked"
        }
    }
}
