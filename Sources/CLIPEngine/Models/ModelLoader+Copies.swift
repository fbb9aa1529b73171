internal import CLIPKernels
internal import CLIPWeights

extension ModelLoader {
    /// The copy of a checkpoint's packed weights, or why there is none; both are nil if no copy is wanted.
    ///
    /// It also decides whose products the engine uses: those for which there is a copy, or the quicker ones.
    func packedCopy(
        of checkpoint: Checkpoint,
        format: NumberFormat,
        engine: ComputeEngine
    ) -> (copy: PackedCopy?, problem: WeightError?) {
        do {
            guard let directory = configuration.packedCacheDirectory,
                checkpoint.byteCount >= configuration.leastPackedBytes
            else {
                engine.choose(try engine.quickerProducts(of: format))
                return (nil, nil)
            }
            var keys: [ProductSource: String] = [:]
            do {
                let content = try checkpoint.content(notedIn: directory)
                for source in engine.products(of: format) {
                    engine.choose(source)
                    keys[source] = try Self.key(of: content, format: format, engine: engine)
                }
            } catch let problem as WeightError {
                engine.choose(try engine.quickerProducts(of: format))
                return (nil, problem)
            }
            let kept = engine.products(of: format).first { source in
                keys[source].map { PackedCopy.isThere(directory: directory, key: $0) } ?? false
            }
            let source = try kept ?? engine.quickerProducts(of: format)
            engine.choose(source)
            return (try keys[source].map { try PackedCopy(directory: directory, key: $0) }, nil)
        } catch let problem as WeightError {
            return (nil, problem)
        } catch {
            return (nil, nil)  // the kernels', which tell it themselves when the model is made
        }
    }

    /// What the bytes of a copy depend on, including the order of packed weights.
    private static func key(
        of content: String,
        format: NumberFormat,
        engine: ComputeEngine
    ) throws(KernelError) -> String {
        let packing = try Linear.packing(
            inputs: 768,
            outputs: 768,
            format: format,
            in: ComputeContext(engine: engine)
        )
        return
            "5 \(ComputeEngine.processor) \(ComputeEngine.libraryVersion) \(packing) \(format.rawValue) \(content)"
    }
}
