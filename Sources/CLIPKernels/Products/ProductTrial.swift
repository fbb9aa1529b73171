/// Whose products linear layers use.
public enum ProductSource: String, Hashable, Sendable {
    /// Our own, over weights in panels.
    case panels
    /// oneDNN's.
    case oneDNN
}

extension ComputeEngine {
    /// Finds by trial whose products of a format are quicker on this processor.
    ///
    /// It multiplies the tokens of one image of ViT-B/32 with weights of its width, by both in turn. This takes about
    /// 20 ms. Our own are taken unless oneDNN's take less than 0.9 of their time, so that chance decides little: where
    /// both have the same instructions they are close, and where oneDNN alone has others (AMX) it takes a fraction.
    public func quickerProducts(of format: NumberFormat) throws(KernelError) -> ProductSource {
        let sources = products(of: format)
        guard sources.count > 1 else { return sources[0] }
        let context = try ComputeContext(engine: self)
        let (rows, width) = (50, 768)
        let weight = try Tensor(rows: width, (0..<width * width).map { Float($0 % 251 - 125) / 1_000 })
        let input = try Tensor(rows: rows, (0..<rows * width).map { Float($0 % 239 - 119) / 100 })
        let output = try Tensor(rows: rows, width: width)
        var layers: [ProductSource: Linear] = [:]
        for source in sources {
            choose(source)
            layers[source] = try Linear(weight: weight.matrix, format: format, in: context)
        }
        var least: [ProductSource: Duration] = [:]
        // In the first round oneDNN compiles, and both touch their memory for the first time.
        for round in 0...Self.trialRounds {
            for source in sources {
                guard let layer = layers[source] else { continue }
                try context.beginPass()
                let kept = try context.scratch.matrix(rows: rows, width: width, format: format)
                input.matrix.convert(into: kept)
                let start = ContinuousClock.now
                try layer(kept, into: output.matrix, in: context)
                let time = ContinuousClock.now - start
                if round > 0 { least[source] = min(time, least[source] ?? time) }
            }
        }
        guard let own = least[.panels], let theirs = least[.oneDNN] else { return .panels }
        return theirs < own * 0.9 ? .oneDNN : .panels
    }

    private static let trialRounds = 8
}
