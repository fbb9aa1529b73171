internal import CLIPFetching
internal import CLIPImaging
public import CoreMetrics

/// A checkpoint and the name that requests call it by.
public struct ModelSource: Equatable, Sendable {
    /// The name, such as `ViT-B-32`; Roboflow's clients send it as `clip_version_id`.
    public let name: String
    /// A directory in `transformers` or OpenCLIP layout; empty where the files have to be fetched first, which
    /// ``EngineConfiguration/provider`` does.
    public let directory: String
    /// The repository that the directory is a copy of; nil for any other directory.
    public let origin: ModelOrigin?

    /// Whether the files are on this machine.
    public var isHere: Bool { !directory.isEmpty }

    /// Names a checkpoint directory.
    ///
    /// Nothing is read yet.
    public init(name: String, directory: String, origin: ModelOrigin? = nil) {
        self.name = name
        self.directory = directory
        self.origin = origin
    }
}

/// Everything an ``EmbeddingEngine`` can be told.
///
/// The defaults serve; only `models` has none.
public struct EngineConfiguration: Sendable {
    /// The models to load, the default one first.
    public var models: [ModelSource]
    /// Whether they are loaded at start; where not, each comes when it is asked for.
    public var loadsAtStart: Bool = true
    /// Whether they may have names that no request could give, as where a program asks for the default one alone.
    public var allowsAnyName: Bool = false
    /// What brings models that are not configured, and those of ``models`` that are not on this machine; nil where nothing does.
    public var provider: ModelProvider?
    /// Which of those requests may name.
    public var allowedModels: AllowedModels = .none
    /// Most bytes of all models in memory: weights, tables of tokens and the limits of their caches; nil for any number.
    ///
    /// What was not used for longest leaves for what a request names; the default model never does.
    public var modelMemory: Int?
    /// Time after which a model leaves that nobody has asked for; nil for never.
    public var idleTimeLimit: Duration?
    /// The longest that a request waits for its model to be loaded; the load goes on after that.
    public var loadTimeLimit: Duration = .seconds(120)
    /// Told of every model that comes, leaves or fails to come; on any thread, and not for long.
    public var onModelEvent: @Sendable (ModelEvent) -> Void = { _ in }
    /// The backend of swift-metrics that is told of stages, batches, caches, loads and requests turned away; nil for the one that the
    /// program has bootstrapped, which is none where it has not.
    ///
    /// ``EmbeddingEngine/statistics`` has what is not told as it happens.
    public var metrics: (any MetricsFactory)?
    /// The time by which models are idle and loads tried again.
    package var now: @Sendable () -> ContinuousClock.Instant = { .now }
    /// Number format of the forward pass.
    public var precision: Precision = .auto
    /// Whether all matrix products are oneDNN's, also on processors where our own are faster; for comparing the two.
    package var usesOneDNNOnly: Bool = false
    /// Threads that compute, for each model: together on a lone request, side by side on many.
    public var computeThreads: Int
    /// Threads that decode and resize images.
    public var decodeThreads: Int
    /// Most images, or most prompts of a comparison, in one request.
    ///
    /// Roboflow's `CLIP_MAX_BATCH_SIZE`.
    public var maxBatch: Int = 8
    /// Most texts in one request: enough for a corpus in a few calls, few enough that their embeddings fit in memory.
    public var maxTexts: Int = 16_384
    /// Items (images and texts) in hand at which new requests are turned away.
    public var maxPendingItems: Int = 1024
    /// The longest wait, as expected, that requests of a few items are taken on for.
    public var queueTimeLimit: Duration = .seconds(15)
    /// Most bytes that requests may make the process hold at once, models and caches aside: bodies, fetched bytes, decoders
    /// at work, answers not yet read.
    public var memoryBudget: Int = 512_000_000
    /// Most bytes of one encoded image, from a request or from a URL.
    public var maxImageBytes: Int = 20 << 20
    /// Most pixels of one image, by its header.
    public var maxImagePixels: Int = 1 << 26
    /// Where packed weights of large models are kept for the next start; nil keeps none.
    public var packedCacheDirectory: String?
    /// Checkpoints of fewer bytes are converted in the time that looking for a copy takes.
    package var leastPackedBytes: Int = 64 << 20
    /// Most bytes of the text embeddings that each model keeps, keys included; 0 keeps none.
    public var textCacheBytes: Int = 16 << 20
    /// Most bytes of the image embeddings that each model keeps, keys included; 0 keeps none.
    public var imageCacheBytes: Int = 16 << 20
    /// Most bytes that are kept of what labels mean to models, for all models together; 0 keeps none.
    ///
    /// Ten thousand labels of any published model fit.
    public var labelCacheBytes: Int = 64 << 20
    /// The longer side of an image in pixels, at most, and how many times the shorter one it may be.
    public var maxImageSide: Int = ImageLimits().maxSide
    /// See `maxImageSide`.
    public var maxImageAspect: Int = ImageLimits().maxAspectRatio
    /// Most pixels of one WebP, whose decoder cannot be stopped where a few bytes stand for all of them.
    public var maxWebPPixels: Int = ImageLimits().maxWebPPixels
    /// Most pixels and most bytes of one AVIF, whose decoder cannot be stopped: what it does in a fifth of a second.
    public var maxAVIFPixels: Int = ImageLimits().maxAVIFPixels
    /// See `maxAVIFPixels`.
    public var maxAVIFBytes: Int = ImageLimits().maxAVIFBytes
    /// The image formats that are read, by their lower-case names; all but HEIC by default, whose decoder can neither be
    /// bounded nor stopped.
    public var imageFormats: [String] = ImageFormat.allCases.filter(ImageFormat.readByDefault.contains).map(
        \.rawValue
    )
    /// Whether large JPEGs may be decoded at a fraction of their size.
    public var decoding: ImageDecoding = .exact
    /// Whether images may be named by URL.
    public var allowsURLs: Bool = true
    /// Whether a URL may lead to private, loopback and link-local addresses.
    public var allowsPrivateAddresses: Bool = false
    /// Time for decoding one image.
    public var decodeTimeLimit: Duration = .seconds(10)
    /// The longest that a forward pass may take before the engine says that a thread hangs.
    public var passTimeLimit: Duration = .seconds(60)
    /// Time for fetching one URL, redirects included.
    public var fetchTimeLimit: Duration = .seconds(10)
    /// Fetches under way at once; others wait.
    public var fetchPlaces: Int = 32
    /// Fetches under way at once from one host.
    public var fetchPlacesPerHost: Int = 8
    /// Fetches under way at once for one client; nil for half of all.
    public var fetchPlacesPerClient: Int?
    /// Fetches that wait for a place, half of them for one client, at which more are turned away.
    public var fetchQueue: Int = 1024
    /// Fewest bytes per second of a fetch; 0 for any speed.
    public var fetchMinimumSpeed: Int = 1024
    /// How long a fetch may be slower than that; whole seconds.
    public var fetchSlowTime: Duration = .seconds(5)
    /// A PEM file of the certificate authorities that are trusted instead of the system's.
    public var fetchAuthorityFile: String?
    /// Most redirects of one URL.
    public var maxRedirects: Int = 5
    /// Hosts that may be fetched from, or domains as `*.example.com`; nil for all.
    public var allowedFetchHosts: [String]?
    /// Hosts that may not be fetched from, or domains as `*.example.com`.
    public var deniedFetchHosts: [String] = []
    /// Whether only https URLs are fetched.
    public var fetchesOnlyHTTPS: Bool = false
    /// Whether only hosts with public names are fetched from, not addresses and names of private networks.
    public var fetchesOnlyPublicNames: Bool = false

    /// Defaults for a machine with this many processor cores.
    public init(models: [ModelSource], cores: Int) {
        self.models = models
        computeThreads = max(1, cores)
        decodeThreads = max(1, cores)
    }

    /// Every problem of the configuration, in sentences that name the flags of `clip`; empty when it is sound.
    ///
    /// Reads no file.
    public func validate() -> [String] {
        var problems: [String] = []
        if models.isEmpty { problems.append("No model is named; --model names one.") }
        for name in models.map(\.name) where !allowsAnyName && !Self.isModelName(name) {
            problems.append(
                "--model has '\(name)', which is not a model name: up to 128 letters and digits of ASCII, '.', '_' and '-' "
                    + "are; --model NAME=MODEL gives it one."
            )
        }
        for (index, model) in models.enumerated()
        where models[..<index].contains(where: { $0.name == model.name }) {
            problems.append(
                "Two models are named '\(model.name)'; --model NAME=MODEL gives each its own."
            )
        }
        let numbers = [
            ("--threads", computeThreads, 1...Self.mostThreads),
            ("--decode-threads", decodeThreads, 1...Self.mostThreads),
            ("--max-batch", maxBatch, 1...Self.mostItems), ("--max-texts", maxTexts, 1...Self.mostItems),
            ("--max-pending", maxPendingItems, 1...Self.mostItems),
            ("--text-cache-bytes", textCacheBytes, 0...Self.mostBytes),
            ("--image-cache-bytes", imageCacheBytes, 0...Self.mostBytes),
            ("--label-cache-bytes", labelCacheBytes, 0...Self.mostBytes),
            ("--memory-budget", memoryBudget, Self.leastBudget...Self.mostBytes),
        ]
        for (flag, value, range) in numbers where !range.contains(value) {
            problems.append("\(flag) must be from \(range.lowerBound) to \(range.upperBound), not \(value).")
        }
        if let modelMemory, !(1...Self.mostBytes).contains(modelMemory) {
            problems.append("--model-memory must be from 1 to \(Self.mostBytes), not \(modelMemory).")
        }
        problems += allowedModels.problems(provider)
        if passTimeLimit < .seconds(1) { problems.append("--pass-seconds must be at least 1.") }
        for (flag, time) in [
            ("--queue-seconds", queueTimeLimit), ("--decode-seconds", decodeTimeLimit),
            ("--load-seconds", loadTimeLimit), ("--idle-unload", idleTimeLimit ?? .seconds(1)),
        ]
        where time <= .zero {
            problems.append("\(flag) must be longer than nothing.")
        }
        let known = ImageFormat.allCases.map(\.rawValue)
        for format in imageFormats where !known.contains(format) {
            problems.append(
                "--image-formats has '\(format)', which is not known here; \(known.joined(separator: ", ")) are."
            )
        }
        problems += (imageLimits.validate() + fetching.validate()).map(SettingNames.sentence)
        return problems
    }

    /// More at once fits into no machine, and three times as many into a number.
    private static let mostItems = 1_000_000_000
    private static let mostBytes = 1 << 50
    /// Enough for one photograph of a telephone at a time.
    private static let leastBudget = 64_000_000
    /// More than any machine has cores for; some systems die of asking for far more.
    private static let mostThreads = 1024

    /// Whether requests can name a model so: what stands in a path, a header and a file name unquoted.
    static func isModelName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 128
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    var imageLimits: ImageLimits {
        var limits = ImageLimits()
        limits.maxEncodedBytes = maxImageBytes
        limits.maxPixels = maxImagePixels
        limits.maxSide = maxImageSide
        limits.maxAspectRatio = maxImageAspect
        limits.maxWebPPixels = maxWebPPixels
        limits.maxAVIFPixels = maxAVIFPixels
        limits.maxAVIFBytes = maxAVIFBytes
        limits.maxDecodeBytes = max(memoryBudget, 1)
        let formats = imageFormats.compactMap(ImageFormat.init(rawValue:))
        // Formats of which none is known are complained about by name.
        if imageFormats.isEmpty || !formats.isEmpty { limits.formats = Set(formats) }
        return limits
    }

    var fetching: FetchingConfiguration {
        var fetching = FetchingConfiguration()
        fetching.timeLimit = fetchTimeLimit
        // What is out of bounds is complained about as the limit of all images.
        fetching.maxBytes = min(max(maxImageBytes, 1), FetchingConfiguration.mostBytes)
        fetching.allowsPrivateAddresses = allowsPrivateAddresses
        fetching.maxConcurrentFetches = fetchPlaces
        fetching.maxConcurrentFetchesPerHost = fetchPlacesPerHost
        fetching.maxConcurrentFetchesPerClient = fetchPlacesPerClient
        fetching.maxWaitingFetches = fetchQueue
        fetching.minimumBytesPerSecond = fetchMinimumSpeed
        fetching.slowTimeLimit = fetchSlowTime
        fetching.certificateAuthorityFile = fetchAuthorityFile
        fetching.maxRedirects = maxRedirects
        fetching.allowedHosts = allowedFetchHosts
        fetching.deniedHosts = deniedFetchHosts
        fetching.requiresSecureConnection = fetchesOnlyHTTPS
        fetching.requiresPublicName = fetchesOnlyPublicNames
        return fetching
    }
}
