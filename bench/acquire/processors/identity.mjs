// Gives every image back as it is.
export default (image, metadata) => [image, metadata];
