/// A view of the square feature maps of some images, (images, channels, size, size), that somebody else owns.
///
/// Like `Matrix`, a pointer with a shape: it must not outlive what it points into.
public struct FeatureMaps {
    /// The first float.
    public let base: UnsafeMutablePointer<Float>
    /// How many images there are.
    public let images: Int
    /// How many maps an image has.
    public let channels: Int
    /// Width and height of a map.
    public let size: Int
    /// In which order the floats lie.
    public let layout: FeatureLayout

    /// A view of memory with room for `floatCount(..)` floats.
    public init(
        base: UnsafeMutablePointer<Float>,
        images: Int,
        channels: Int,
        size: Int,
        layout: FeatureLayout
    ) {
        precondition(
            images >= 0 && channels > 0 && size > 0,
            "Feature maps have at least one channel and pixel."
        )
        self.base = base
        self.images = images
        self.channels = channels
        self.size = size
        self.layout = layout
    }

    /// How many floats the maps of one image take, those that fill up the last block included.
    public static func floatCount(channels: Int, size: Int, layout: FeatureLayout) -> Int {
        layout.filled(channels: channels) * size * size
    }

    /// How many pixels a map has.
    public var positions: Int { size * size }

    /// Copies one image's maps to rows: (channels, size, size) -> (positions, channels).
    public func copy(image: Int, into rows: Matrix) {
        precondition(image >= 0 && image < images, "There is no such image.")
        precondition(rows.rows == positions && rows.width == channels, "The rows have another shape.")
        let width = layout.blockWidth(channels: channels)
        var source = base + image * Self.floatCount(channels: channels, size: size, layout: layout)
        for first in stride(from: 0, to: channels, by: width) {
            let count = min(width, channels - first)
            for position in 0..<positions {
                let target = rows.row(position) + first
                for channel in 0..<count { target[channel] = source[channel] }
                source += width
            }
        }
    }

    /// Fills the maps from planes that lie behind each other, (images, channels, size, size).
    public func fill(fromPlanes planes: UnsafePointer<Float>) {
        let width = layout.blockWidth(channels: channels)
        var target = base
        for image in 0..<images {
            for first in stride(from: 0, to: channels, by: width) {
                let count = min(width, channels - first)
                let source = planes + (image * channels + first) * positions
                for position in 0..<positions {
                    for channel in 0..<width {
                        target[channel] = channel < count ? source[channel * positions + position] : 0
                    }
                    target += width
                }
            }
        }
    }
}

extension ScratchArena {
    /// Memory for feature maps of undefined content, until the surrounding scope ends.
    public func maps(
        images: Int,
        channels: Int,
        size: Int,
        layout: FeatureLayout
    ) throws(KernelError) -> FeatureMaps {
        let floats = FeatureMaps.floatCount(channels: channels, size: size, layout: layout)
        let memory = try matrix(rows: images, width: floats)
        return FeatureMaps(
            base: memory.base,
            images: images,
            channels: channels,
            size: size,
            layout: layout
        )
    }
}
