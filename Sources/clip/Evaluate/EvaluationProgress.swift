internal import CLIPEvaluation
internal import Synchronization

/// Shows on standard error what an evaluation tells on its way: sentences, and a line that says how far it is.
final class EvaluationProgress: Sendable {
    private let line = Mutex<ProgressLine?>(nil)

    /// Takes what is told.
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
