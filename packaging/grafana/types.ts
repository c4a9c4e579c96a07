// SPDX-License-Identifier: GPL-2.0-or-later
// What a dashboard has to be, by Grafana's own types (@grafana/schema), panel by panel. A test compiles it together
// with the file: `export const dashboard: NetdropDashboard = {...};`

import type {
  AnnotationQuery,
  Dashboard,
  DataQuery,
  DataTransformerConfig,
  FieldConfig,
  Panel,
  RowPanel,
  TableFieldOptions,
  TableOptions,
  VariableModel,
} from '@grafana/schema';
import type {
  FieldConfig as TimeSeriesFieldConfig,
  Options as TimeSeriesOptions,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';

// As it stands in a file: the members of an enumeration are written as their values.
type Json<T> = T extends string
  ? `${T}`
  : T extends Array<infer Element>
    ? Array<Json<Element>>
    : T extends object
      ? { [Key in keyof T]: Json<T[Key]> }
      : T;

// A query as Grafana's Prometheus data source takes it; the package of all data sources does not have it.
interface PrometheusQuery extends DataQuery {
  expr: string;
  legendFormat?: string;
  range?: boolean;
  instant?: boolean;
  interval?: string;
  format?: 'time_series' | 'table' | 'heatmap';
}

interface PanelOf<Type extends string, Options, Custom>
  extends Omit<Json<Panel>, 'type' | 'options' | 'fieldConfig' | 'targets' | 'transformations'> {
  type: Type;
  title: string;
  options: Json<Options>;
  fieldConfig: { defaults: Omit<Json<FieldConfig>, 'custom'> & { custom: Partial<Json<Custom>> }; overrides: [] };
  targets: PrometheusQuery[];
  transformations: DataTransformerConfig[];
}

interface NetdropRow extends Omit<Json<RowPanel>, 'panels'> {
  panels: NetdropPanel[];
}

type NetdropPanel =
  | PanelOf<'timeseries', TimeSeriesOptions, TimeSeriesFieldConfig>
  | PanelOf<'stat', StatOptions, Record<string, never>>
  | PanelOf<'table', TableOptions, TableFieldOptions>
  | NetdropRow;

// The two formats are the Prometheus data source's.
type NetdropAnnotation = Omit<Json<AnnotationQuery>, 'target'> & {
  target: PrometheusQuery;
  titleFormat: string;
  textFormat: string;
};

export interface NetdropDashboard extends Omit<Json<Dashboard>, 'panels' | 'templating' | 'annotations'> {
  panels: NetdropPanel[];
  templating: { list: Array<Json<VariableModel>> };
  annotations: { list: NetdropAnnotation[] };
}
