export type { ExportSiteOptions, ExportSiteReport } from "./export/exportSite.ts";
export { exportSite } from "./export/exportSite.ts";
export type { ExportedPart } from "./export/keptAnswers.ts";
export type { LiveFeed } from "./live/feed.ts";
export type { Server, ServerOptions } from "./server.ts";
export { startServer } from "./server.ts";
export type { TourStep } from "./tour.ts";
export { formatTour, isTourFolder, TOUR_FILE } from "./tour.ts";
