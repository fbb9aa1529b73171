internal import COneDNN

/// What one thread needs to compute: a oneDNN stream, the operations compiled for it, and scratch memory.
///
/// **Threads.** Only one thread may use a context at a time; nothing in it is locked. Kernels and weights belong to no
/// context: any number of threads run the same model side by side, each with a context of its own, or share one pass by
/// rows or columns (`PassShare`). oneDNN's own threads are only for convolutions, which have no rows to share: see
/// `threads`.
public final class ComputeContext {
    /// The number of threads over which oneDNN may spread an operation, from the next pass on; 1 at first.
    ///
    /// With an OpenMP build of oneDNN (Debian's is one) this number belongs to the calling thread, and OpenMP keeps a
    /// pool of workers for every thread that calls it with more than one. Start such a process with
    /// `OMP_WAIT_POLICY=passive`. By default libgomp's threads spin at the end of every operation; when anything else
    /// needs the processor, they spin while the thread that they wait for is not running. On two cores with other work
    /// on them, one image through ViT-B/32 took 1,300 ms by default and 300 ms with passive waiting.
    public var threads = 1
    /// Working memory of forward passes.
    public let scratch = ScratchArena()

    /// The engine with which the context was made.
    public let engine: ComputeEngine
    private let stream: OpaquePointer
    private var primitives = PrimitiveCache(limit: 512)
    /// The number of threads in the present pass, for which operations are compiled.
    private var passThreads = 1

    /// Makes a context with a stream of `engine`.
    public init(engine: ComputeEngine) throws(KernelError) {
        var pointer: OpaquePointer?
        let status = codnn_context_create(engine.pointer, &pointer)
        guard status == 0, let pointer else {
            throw .operationFailed(operation: "stream", status: Int(status))
        }
        self.engine = engine
        stream = pointer
        _ = codnn_set_threads(1)
    }

    deinit {
        codnn_context_destroy(stream)
    }

    /// The layout of feature maps in which oneDNN computes convolutions fastest on this processor.
    public func preferredFeatureLayout(_ format: NumberFormat = .f32) throws(KernelError) -> FeatureLayout {
        var maps = codnn_maps_planes
        let status = codnn_maps_choose(stream, format.type, &maps)
        guard status == 0, let layout = FeatureLayout.allCases.first(where: { $0.code == maps }) else {
            throw .operationFailed(operation: "choice of a feature layout", status: Int(status))
        }
        return layout
    }

    /// Claims the calling thread for this context and takes all scratch memory back.
    ///
    /// It has to be called before every forward pass.
    public func beginPass() throws(KernelError) {
        passThreads = max(1, threads)
        _ = codnn_set_threads(Int32(clamping: passThreads))
        try scratch.reset()
    }

    /// The number of compiled operations that are kept, which is bounded.
    package var primitiveCount: Int { primitives.count }

    /// The compiled operation for a shape, made when it is first needed.
    package func primitive(for key: PrimitiveKey) throws(KernelError) -> Primitive {
        try primitive(for: key, packedAs: nil)
    }

    func primitive(for key: PrimitiveKey, packedAs weights: PackedWeights?) throws(KernelError) -> Primitive {
        let place = PrimitiveCache.Place(key: key, threads: passThreads)
        if let known = primitives[place] { return known }
        let made = try Primitive(key, packedAs: weights, stream: stream, engine: engine)
        primitives[place] = made
        return made
    }

    func packedWeights(
        plain: UnsafeRawPointer,
        format: NumberFormat,
        for primitive: Primitive
    ) throws(KernelError) -> PackedWeights {
        try PackedWeights(plain: plain, format: format, for: primitive, stream: stream, engine: engine)
    }

    func packedWeights(
        adopting bytes: UnsafeRawBufferPointer,
        of owner: any Sendable,
        for primitive: Primitive
    ) throws(KernelError) -> PackedWeights {
        try PackedWeights(adopting: bytes, of: owner, for: primitive, stream: stream, engine: engine)
    }

    func run(_ primitive: Primitive, _ operands: codnn_operands) throws(KernelError) {
        try scratch.scope { () throws(KernelError) in
            var operands = operands
            if primitive.scratchpadSize > 0 {
                operands.scratchpad = try scratch.memory(byteCount: primitive.scratchpadSize)
            }
            let status = codnn_execute(stream, primitive.pointer, &operands)
            guard status == 0 else {
                throw .operationFailed(operation: primitive.operation, status: Int(status))
            }
        }
    }
}
